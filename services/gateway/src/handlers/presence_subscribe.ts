import type { Downstream, Upstream } from '@securechat/protocol';
import type { Connection } from '../connection/connection.ts';
import { answerInTime } from './answer-in-time.ts';
import { takeStatus } from './take-status.ts';

type State = Downstream<'presence_subscribe'>['states'][number];

/**
 * Replaces the watched users. Every name is answered, in the order given; users who may not be seen are reported
 * offline.
 */
export async function presenceSubscribe(
  connection: Connection,
  message: Upstream<'presence_subscribe'>,
): Promise<void> {
  takeStatus(connection, message.id);
  const names = [...new Set(message.user_ids)];
  const asked = connection.context.watchers.watch(connection, names);
  const found = await answerInTime(connection, message, asked);
  if (!found) return;
  const byName = new Map(found.map((state) => [state.user_id, state]));
  const states = names.map((user_id): State => {
    const { status, last_seen } = byName.get(user_id) ?? { status: 'offline', last_seen: undefined };
    const isGone = status === 'offline' && last_seen !== undefined;
    return { user_id, status, ...(isGone ? { last_seen } : {}) };
  });
  connection.send('presence_subscribe', { type: 'presence_subscribe', ref: message.id, states });
}
