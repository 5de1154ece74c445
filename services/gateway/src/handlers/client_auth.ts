import { verifyClientAuth } from '@securechat/crypto/challenge';
import { openTicket } from '@securechat/crypto/ticket';
import { DEFAULT_RETRY_POLICY, HEARTBEAT_INTERVAL_MS, type Upstream } from '@securechat/protocol';
import type { KeyCounts } from '@securechat/protocol/internal';
import { capabilitiesOf } from '../connection/capabilities.ts';
import type { Connection } from '../connection/connection.ts';
import type { Session } from '../connection/session.ts';
import type { GatewayContext } from '../context.ts';
import { warnOfLowKeys } from './key_count.ts';
import { register } from './register.ts';

/**
 * Second step: the client proves its key. Only then is anything looked up: a valid resume ticket identifies it right
 * here, otherwise auth is asked. Unknown user, wrong key and revoked device all get the same answer.
 */
export async function clientAuth(connection: Connection, auth: Upstream<'client_auth'>): Promise<void> {
  const { context, login } = connection;
  connection.login = undefined;
  if (!login || !verifyClientAuth(login.client, login.server, auth)) return refuse(connection, 'proof');
  connection.advance('login');

  const known = byTicket(context, login.client) ?? (await byAuth(context, login.client));
  if (known === 'unavailable') return sendAway(connection);
  if (known === undefined) return refuse(connection, 'auth');
  if (known.by === 'auth' && context.revocations.has(known.device)) await lookAgain(context);
  if (connection.state !== 'login') return;

  const session: Session = {
    sessionId: login.server.session_id,
    userId: login.client.user_id,
    deviceId: login.client.device_id,
    user: known.user,
    device: known.device,
    capabilities: capabilitiesOf(login.client.capabilities),
    publicKey: ownMemory(Buffer.from(login.client.public_key, 'base64')),
  };
  await register(connection, session);
  if (connection.state !== 'login') return;
  // Auth's answer, or a ticket, may predate a revocation. From here on a new revocation finds this connection.
  if (context.revocations.has(session.device)) return connection.close('revoked');
  // Meanwhile this gateway may have lost sight of the revocations, and nothing else vouches for a ticket.
  if (known.by === 'ticket' && !context.revocations.mayResume(session.device)) return sendAway(connection);
  connection.enter('ready');
  context.metrics.loggedIn(known.by);
  connection.send('session_ready', {
    type: 'session_ready',
    session_id: session.sessionId,
    resume_ticket: known.ticket,
    resume_expires_at: known.expiresAt,
    heartbeat_interval_ms: HEARTBEAT_INTERVAL_MS,
    retry_policy: DEFAULT_RETRY_POLICY,
  });
  warnOfLowKeys(connection, known.keys);
}

type Known = {
  by: 'ticket' | 'auth';
  user: number;
  device: number;
  ticket: string;
  expiresAt: number;
  /** Only from auth: a login by ticket looks nothing up. */
  keys?: KeyCounts | undefined;
};

/** A ticket counts only for exactly the user, device and key just proved, and only while unrevoked. */
function byTicket(context: GatewayContext, hello: Upstream<'client_hello'>): Known | undefined {
  if (hello.resume === undefined) return undefined;
  const ticket = openTicket(
    hello.resume,
    context.identity.serviceKeys(),
    Math.floor(context.clock.now() / 1000),
  );
  const isTheirs =
    ticket?.user_id === hello.user_id &&
    ticket.device_id === hello.device_id &&
    ticket.public_key === hello.public_key &&
    context.revocations.mayResume(ticket.device_ref);
  if (!ticket || !isTheirs) return undefined;
  return {
    by: 'ticket',
    user: ticket.user_ref,
    device: ticket.device_ref,
    ticket: hello.resume,
    expiresAt: ticket.expires_at,
  };
}

async function byAuth(
  context: GatewayContext,
  hello: Upstream<'client_hello'>,
): Promise<Known | 'unavailable' | undefined> {
  const { user_id, device_id, public_key } = hello;
  try {
    const answer = await context.requests.askAuth('login', { user_id, device_id, public_key });
    if (!answer.ok) return undefined;
    const { user, device, ticket, expires_at: expiresAt, keys } = answer;
    return { by: 'auth', user, device, ticket, expiresAt, keys };
  } catch (err) {
    context.logger.warn({ err }, 'auth did not answer a login');
    return 'unavailable';
  }
}

/** Auth accepts a device that counts as revoked here: its account may have been re-enabled a moment ago. */
async function lookAgain({ revocations, logger }: GatewayContext): Promise<void> {
  await revocations
    .refresh()
    .catch((err: unknown) => logger.debug({ err }, 'revocations not read; keeping the known ones'));
}

function sendAway(connection: Connection): void {
  connection.sendError('SERVER_UNAVAILABLE', { retry_after_ms: 2_000 });
  connection.close('server_unavailable');
}

function refuse(connection: Connection, step: 'proof' | 'auth'): void {
  connection.context.metrics.loginRefused(step);
  connection.sendError('AUTHENTICATION_FAILED');
  connection.close('authentication_failed');
}

/** A small Buffer is a slice of a 64 KiB pool, which a long session would keep alive. */
function ownMemory(bytes: Buffer): Buffer {
  const own = Buffer.allocUnsafeSlow(bytes.length);
  bytes.copy(own);
  return own;
}
