import { ProtocolError, transcript, type Upstream } from '@securechat/protocol';
import type { SignalType } from '@securechat/protocol/internal';
import type { Connection } from '../connection/connection.ts';
import { checkSender, checkSignature } from './admit.ts';
import { answerInTime } from './answer-in-time.ts';
import { sessionOf } from './session-of.ts';

/**
 * Passes a signalling message on: the sender is the logged-in device and has signed it; presence decides whether it
 * may go there. Nothing is stored, so an offline recipient never learns of it, and the sender is not told.
 */
export async function passSignal(
  connection: Connection,
  message: Upstream<SignalType>,
  payload: Uint8Array,
): Promise<void> {
  const { clock, requests } = connection.context;
  const session = sessionOf(connection);
  const { id: reference_id } = message;
  checkSender(connection, session, message);
  const retry_after_ms = connection.rates.take('signals', clock.monotonicMs());
  if (retry_after_ms > 0)
    throw new ProtocolError('RATE_LIMITED', { scope: 'signals', retry_after_ms, reference_id });
  checkSignature(session, message, () => transcript('p2p', message));
  const asked = requests.askPresence('signal', {
    type: message.type,
    user: session.user,
    device: session.device,
    user_id: session.userId,
    to: message.to,
    to_device: message.to_device,
    conversation: message.conversation_id,
    session: message.session_id,
    payload: Buffer.from(payload).toString('base64'),
  });
  const answer = await answerInTime(connection, message, asked);
  if (answer && !answer.ok) throw new ProtocolError(answer.error, { reference_id });
}
