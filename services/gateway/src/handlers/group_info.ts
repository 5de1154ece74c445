import { GROUP_INFO_ITEMS, ProtocolError, type Upstream } from '@securechat/protocol';
import type { Connection } from '../connection/connection.ts';
import { answerInTime } from './answer-in-time.ts';
import { sessionOf } from './session-of.ts';

/** Asks delivery what it knows of a conversation in which this device takes part. */
export async function groupInfo(connection: Connection, message: Upstream<'group_info'>): Promise<void> {
  const { clock, requests } = connection.context;
  const { id: reference_id, conversation_id: conversation, after = '' } = message;
  const { device } = sessionOf(connection);
  const retryAfterMs = connection.lookups.take(clock.monotonicMs());
  if (retryAfterMs > 0) {
    throw new ProtocolError('RATE_LIMITED', { scope: 'lookups', retry_after_ms: retryAfterMs, reference_id });
  }
  const question = { device, conversation, after, limit: GROUP_INFO_ITEMS };
  const answer = await answerInTime(connection, message, requests.askDelivery('group_info', question));
  if (answer === undefined) return;
  if (answer.info === null) connection.sendError('PERMISSION_DENIED', { reference_id });
  else connection.send('group_info', { type: 'group_info', ref: reference_id, ...answer.info });
}
