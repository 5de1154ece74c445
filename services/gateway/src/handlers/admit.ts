import { sha256, verifySignature } from '@securechat/crypto/sign';
import {
  type ErrorDetail,
  MAX_TIMESTAMP_AHEAD_SECONDS,
  MAX_TIMESTAMP_BEHIND_SECONDS,
  ProtocolError,
} from '@securechat/protocol';
import type { Connection } from '../connection/connection.ts';
import type { Session } from '../connection/session.ts';
import { sessionOf } from './session-of.ts';

type Signed = {
  id: string;
  from: string;
  device_id: string;
  timestamp: number;
  signature: string;
  encrypted?: boolean;
};

/**
 * What every signed message passes before it goes on to delivery, cheapest first: the sender is who logged in, its clock
 * is within the window, content is encrypted, and the user's minute has room. A promise when the room has to be asked for.
 */
export function admit(
  connection: Connection,
  message: Signed,
  passOn: (session: Session) => void,
): Promise<void> | undefined {
  const session = sessionOf(connection);
  checkSender(connection, session, message);
  if (message.encrypted === false) throw refusal(message, 'ENCRYPTION_ERROR');
  const charged = chargeMessage(connection, session, message);
  if (charged !== undefined) return charged.then(() => passOn(session));
  passOn(session);
  return undefined;
}

/** Where a message came from, as proved at login, and when. */
export function originOf(connection: Connection, session: Session) {
  const { gatewayId, clock } = connection.context;
  const { user, device } = session;
  return { gateway: gatewayId, connection: connection.number, user, device, at: clock.now() };
}

/** The sender is who logged in, and its clock is within the window. */
function checkSender(connection: Connection, session: Session, message: Signed): void {
  if (message.from !== session.userId) throw refusal(message, 'PERMISSION_DENIED', '/from');
  if (message.device_id !== session.deviceId) throw refusal(message, 'PERMISSION_DENIED', '/device_id');
  const age = Math.floor(connection.context.clock.now() / 1000) - message.timestamp;
  if (age > MAX_TIMESTAMP_BEHIND_SECONDS || age < -MAX_TIMESTAMP_AHEAD_SECONDS) {
    throw refusal(message, 'TIMESTAMP_OUT_OF_WINDOW', '/timestamp');
  }
}

/**
 * Verifies the signature over the transcript and returns its SHA-256 (base64), by which delivery tells a
 * retry from another message with the same id. About 60 µs: the last and dearest check.
 */
export function checkSignature(session: Session, message: Signed, makeTranscript: () => Uint8Array): string {
  const transcript = signedBytes(message, makeTranscript);
  if (!verifySignature(session.publicKey, transcript, Buffer.from(message.signature, 'base64'))) {
    throw refusal(message, 'INVALID_SIGNATURE');
  }
  return sha256(transcript).toString('base64');
}

/** Some strings that JSON can carry cannot be signed (lone surrogates). */
function signedBytes(message: Signed, makeTranscript: () => Uint8Array): Uint8Array {
  try {
    return makeTranscript();
  } catch (error) {
    if (error instanceof TypeError || error instanceof RangeError)
      throw refusal(message, 'INVALID_MESSAGE_FORMAT');
    throw error;
  }
}

/** One message of the user's minute, or `RATE_LIMITED`. A promise when the lease has to be fetched. */
function chargeMessage(connection: Connection, session: Session, message: Signed): Promise<void> | undefined {
  const { messageLimit, metrics } = connection.context;
  const judge = (verdict: { retryAfterMs: number; limit: number } | 'unavailable' | undefined): void => {
    if (verdict === undefined) return;
    if (verdict === 'unavailable') throw unavailable(message.id);
    metrics.limited('messages_per_minute');
    throw new ProtocolError('RATE_LIMITED', {
      reference_id: message.id,
      scope: 'messages',
      limit: verdict.limit,
      retry_after_ms: verdict.retryAfterMs,
    });
  };
  const verdict = messageLimit.take(session.user);
  if (verdict instanceof Promise) return verdict.then(judge);
  judge(verdict);
  return undefined;
}

/** Redis is away or its streams are full: nothing was accepted, the same bytes may be sent again. */
export function unavailable(reference_id: string): ProtocolError {
  return new ProtocolError('SERVER_UNAVAILABLE', { reference_id, retry_after_ms: 1_000 });
}

function refusal(message: Signed, error: ProtocolError['error'], path?: string): ProtocolError {
  const detail: ErrorDetail = { reference_id: message.id };
  if (path !== undefined) detail.path = path;
  return new ProtocolError(error, detail);
}
