import { ProtocolError } from '@securechat/protocol';
import type { Answer, DeliveryRequests } from '@securechat/protocol/internal';
import type { Connection } from '../connection/connection.ts';
import { answerInTime } from './answer-in-time.ts';

/** Questions about a user's blocks. */
export type AboutBlocks = 'block' | 'unblock' | 'block_list';

/** Asks delivery, rate-limited per connection. */
export async function askBlocks<K extends AboutBlocks>(
  connection: Connection,
  message: { id: string },
  kind: K,
  ask: DeliveryRequests[K]['ask'],
): Promise<Answer<'delivery', K> | undefined> {
  const { clock, requests } = connection.context;
  const retryAfterMs = connection.rates.take('blocks', clock.monotonicMs());
  if (retryAfterMs > 0)
    throw new ProtocolError('RATE_LIMITED', {
      scope: 'blocks',
      retry_after_ms: retryAfterMs,
      reference_id: message.id,
    });
  return await answerInTime(connection, message, requests.askDelivery(kind, ask));
}
