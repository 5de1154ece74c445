import type { Directory, OutStreams, Route } from '@securechat/directory';
import type { PresenceRequests } from '@securechat/protocol/internal';
import type { Pool } from 'pg';
import type { PresenceMetrics } from '../metrics.ts';
import { findListeners } from '../store/audience.ts';

/** In larger groups someone is always typing, and everyone would be told. */
const MOST_LISTENERS = 63;
const NOTHING = new Uint8Array(0);

export type TypingParts = {
  pool: Pool;
  directory: Directory;
  outStreams: OutStreams;
  metrics: PresenceMetrics;
};

/** Sent to the others' devices that are connected right now; nothing of it is stored anywhere. */
export async function passTyping(
  { pool, directory, outStreams, metrics }: TypingParts,
  ask: PresenceRequests['typing']['ask'],
  signal: AbortSignal,
): Promise<void> {
  const listeners = await findListeners(pool, ask, ask.conversation, MOST_LISTENERS);
  const routes = [...(await directory.locate(listeners)).values()].flat();
  const { conversation, user_id: from, typing, within_ms } = ask;
  metrics.typingTold(routes.length);
  // the lookups took time
  if (signal.aborted) return;
  const byGateway = Map.groupBy(routes, ({ gateway }: Route) => gateway);
  await Promise.all(
    [...byGateway].map(([gateway, some]) => {
      const to = some.map(({ device }) => device);
      const head = { kind: 'typing', to, conversation, from, typing, within_ms } as const;
      return outStreams.send(gateway, [{ head, body: NOTHING }]);
    }),
  );
}
