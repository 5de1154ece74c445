import type { Upstream } from '@securechat/protocol';
import type { Connection } from '../connection/connection.ts';
import { answerInTime } from './answer-in-time.ts';
import { sessionOf } from './session-of.ts';
import { takeLookup } from './take-lookup.ts';

/** Sets whether others may know how far a user has read, or asks for the current setting. */
export async function receiptPrivacy(
  connection: Connection,
  message: Upstream<'receipt_privacy'>,
): Promise<void> {
  const { requests } = connection.context;
  const { id: reference_id, share_read: share } = message;
  const { user } = sessionOf(connection);
  takeLookup(connection, message);
  const asked = requests.askDelivery('receipt_privacy', { user, share });
  const answer = await answerInTime(connection, message, asked);
  if (answer === undefined) return;
  connection.send('receipt_privacy', {
    type: 'receipt_privacy',
    ref: reference_id,
    share_read: answer.share,
  });
}
