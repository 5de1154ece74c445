import { sha256, verifySignature } from '@securechat/crypto/sign';
import {
  type ErrorDetail,
  MAX_TIMESTAMP_AHEAD_SECONDS,
  MAX_TIMESTAMP_BEHIND_SECONDS,
  ProtocolError,
} from '@securechat/protocol';
import type { Connection } from '../connection/connection.ts';
import type { Session } from '../connection/session.ts';
import type { GatewayContext } from '../context.ts';
import { GLOBAL_SCOPE } from '../limits/offences.ts';
import type { Verdict } from '../limits/verdict.ts';
import type { LimitName } from '../metrics.ts';
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
 * Which user limit a message counts against; a new conversation is a group operation, too. All also count against the
 * limit of all users together.
 */
export type Charge = 'message' | 'group_operation' | 'group_commit' | 'conversation';

/**
 * The checks of every signed message before it goes to delivery, cheapest first: the sender is the logged-in device,
 * its clock is within the window, content is encrypted, and the limits have room. Returns a promise when a limit must
 * ask Redis.
 */
export function admit(
  connection: Connection,
  message: Signed,
  as: Charge,
  passOn: (session: Session) => void,
): Promise<void> | undefined {
  const session = sessionOf(connection);
  checkSender(connection, session, message);
  if (message.encrypted === false) throw refusal(message, 'ENCRYPTION_ERROR');
  const charged = charge(connection, session, message, limitsOf[as]);
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

/** The sender is the logged-in device, and its clock is within the window. */
export function checkSender(connection: Connection, session: Session, message: Signed): void {
  if (message.from !== session.userId) throw refusal(message, 'PERMISSION_DENIED', '/from');
  if (message.device_id !== session.deviceId) throw refusal(message, 'PERMISSION_DENIED', '/device_id');
  const age = Math.floor(connection.context.clock.now() / 1000) - message.timestamp;
  if (age > MAX_TIMESTAMP_BEHIND_SECONDS || age < -MAX_TIMESTAMP_AHEAD_SECONDS) {
    throw refusal(message, 'TIMESTAMP_OUT_OF_WINDOW', '/timestamp');
  }
}

/**
 * Verifies the signature over the transcript and returns its SHA-256 (base64), by which delivery tells a retry from
 * another message with the same id. Takes about 60 µs, so it is the last check.
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

type Limit = {
  scope: string;
  metric: LimitName;
  take(context: GatewayContext, user: number): Verdict | Promise<Verdict>;
};

const MESSAGES: Limit = {
  scope: 'messages',
  metric: 'messages_per_minute',
  take: ({ messageLimit }, user) => messageLimit.take(user),
};
const GROUP_OPERATIONS: Limit = {
  scope: 'group_operations',
  metric: 'group_operations_per_minute',
  take: ({ groupLimit }, user) => groupLimit.take(user),
};
const GROUP_COMMITS: Limit = {
  scope: 'group_commits',
  metric: 'group_commits_per_minute',
  take: ({ commitLimit }, user) => commitLimit.take(user),
};
const CONVERSATIONS: Limit = {
  scope: 'conversations',
  metric: 'conversations_per_day',
  take: ({ conversationLimit }, user) => conversationLimit.take(user),
};
const GLOBAL: Limit = {
  scope: GLOBAL_SCOPE,
  metric: 'messages_per_second',
  take: ({ globalLimit }) => globalLimit.take(),
};

/**
 * The user's own limits first, then the global one: a user over their own limit uses none of everyone's. The minute
 * before the day: what is refused for going too fast may be sent again, and must not use up the day.
 */
const limitsOf: Record<Charge, readonly Limit[]> = {
  message: [MESSAGES, GLOBAL],
  group_operation: [GROUP_OPERATIONS, GLOBAL],
  group_commit: [GROUP_COMMITS, GLOBAL],
  conversation: [GROUP_OPERATIONS, CONVERSATIONS, GLOBAL],
};

/**
 * Takes one of each limit in turn. Returns a promise when Redis must be asked; the question about the global limit
 * then goes out at the same time.
 */
function charge(
  connection: Connection,
  session: Session,
  message: Signed,
  limits: readonly Limit[],
  from = 0,
): Promise<void> | undefined {
  const limit = limits[from];
  if (limit === undefined) return undefined;
  const { context } = connection;
  const verdict = limit.take(context, session.user);
  if (!(verdict instanceof Promise)) {
    judge(connection, message, limit, verdict);
    return charge(connection, session, message, limits, from + 1);
  }
  if (limit !== GLOBAL) context.globalLimit.prepare();
  return verdict.then((late) => {
    judge(connection, message, limit, late);
    return charge(connection, session, message, limits, from + 1);
  });
}

function judge(connection: Connection, message: Signed, { scope, metric }: Limit, verdict: Verdict): void {
  if (verdict === undefined) return;
  if (verdict === 'unavailable') throw unavailable(message.id);
  connection.context.metrics.limited(metric);
  throw new ProtocolError('RATE_LIMITED', {
    reference_id: message.id,
    scope,
    limit: verdict.limit,
    retry_after_ms: verdict.retryAfterMs,
  });
}

/** Redis is down or its streams are full: nothing was accepted, and the same bytes may be sent again. */
export function unavailable(reference_id: string): ProtocolError {
  return new ProtocolError('SERVER_UNAVAILABLE', { reference_id, retry_after_ms: 1_000 });
}

function refusal(message: Signed, error: ProtocolError['error'], path?: string): ProtocolError {
  const detail: ErrorDetail = { reference_id: message.id };
  if (path !== undefined) detail.path = path;
  return new ProtocolError(error, detail);
}
