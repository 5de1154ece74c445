import { GROUP_INFO_ITEMS, type Upstream } from '@securechat/protocol';
import type { Connection } from '../connection/connection.ts';
import { answerInTime } from './answer-in-time.ts';
import { sessionOf } from './session-of.ts';
import { takeLookup } from './take-lookup.ts';

/** Asks delivery for the state of a conversation in which this device takes part. */
export async function groupInfo(connection: Connection, message: Upstream<'group_info'>): Promise<void> {
  const { requests } = connection.context;
  const { id: reference_id, conversation_id: conversation, after = '' } = message;
  const { device } = sessionOf(connection);
  takeLookup(connection, message);
  const question = { device, conversation, after, limit: GROUP_INFO_ITEMS };
  const answer = await answerInTime(connection, message, requests.askDelivery('group_info', question));
  if (answer === undefined) return;
  if (answer.info === null) connection.sendError('PERMISSION_DENIED', { reference_id });
  else connection.send('group_info', { type: 'group_info', ref: reference_id, ...answer.info });
}
