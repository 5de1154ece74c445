import { withDeadline } from '@securechat/kernel';
import type { Connection } from '../connection/connection.ts';

/** Who blocks somebody does not wait longer for it. */
const DEADLINE_MS = 1_000;

/**
 * Two users may see each other no more, or again. Whether presence is there does not matter to a block: who is not told at once
 * that it may not watch any more finds out when it next asks, and from a presence that is away nobody hears anything.
 */
export async function recheckPresence({ context }: Connection, user: number, name: string): Promise<void> {
  if (!context.deployment.has('presence')) return;
  const told = context.requests.askPresence('recheck', { user, name });
  await withDeadline(told, DEADLINE_MS, 'telling presence of a block').catch((err: unknown) =>
    context.logger.warn({ err }, 'presence was not told of a block'),
  );
}
