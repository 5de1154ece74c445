import { withDeadline } from '@securechat/kernel';
import type { Connection } from '../connection/connection.ts';

/** A block does not wait longer than this for presence. */
const DEADLINE_MS = 1_000;

/**
 * Two users may no longer, or may again, see each other. A block does not depend on presence being up: a watcher that
 * is not told at once loses sight when it next asks, and while presence is down nobody hears anything.
 */
export async function recheckPresence({ context }: Connection, user: number, name: string): Promise<void> {
  if (!context.deployment.has('presence')) return;
  const told = context.requests.askPresence('recheck', { user, name });
  await withDeadline(told, DEADLINE_MS, 'telling presence of a block').catch((err: unknown) =>
    context.logger.warn({ err }, 'presence was not told of a block'),
  );
}
