import { sign } from '@securechat/crypto/e2ee';
import {
  type Downstream,
  encodeBase64,
  handshakeTranscript,
  PROTOCOL_VERSION,
  type Upstream,
} from '@securechat/protocol';
import { randomBytes } from '../bytes.ts';
import type { Clock } from '../clock.ts';
import { LoginRefused, ServerBrokeProtocol, ServerRefused, UpdateNeeded } from '../errors.ts';
import type { DeviceKey } from '../identity/keys.ts';
import type { Keepsake, Session } from './connection.ts';
import { verifyServer } from './server-proof.ts';
import type { Wire } from './wire.ts';

/** Who logs in. The secret key is used only behind `sign`. */
export type LoginDevice = {
  readonly userId: string;
  readonly deviceId: string;
  readonly publicKey: Uint8Array;
  sign(transcript: Uint8Array): Promise<Uint8Array>;
};

export function loginDeviceFrom(userId: string, key: DeviceKey): LoginDevice {
  const { deviceId, publicKey, secretKey } = key;
  return { userId, deviceId, publicKey, sign: (transcript) => sign(secretKey, transcript) };
}

export type Login = {
  session: Session;
  keepsake: Keepsake;
  heartbeatMs: number;
  /** Messages of the session that arrived before the first ping was answered. */
  early: readonly Downstream[];
};

const CHALLENGE_BYTES = 32;
/** A genuine server sends at most one notice unasked. */
const MAX_EARLY = 64;
export const FIRST_PING = 1;

/**
 * The three login steps and a ping: each side proves its key over both hellos, then the server answers. This device sends its proof only
 * to a server that has given its own.
 */
export async function logIn(
  wire: Wire,
  device: LoginDevice,
  kept: Keepsake,
  capabilities: readonly string[],
  clock: Clock,
): Promise<Login> {
  const hello: Upstream<'client_hello'> = {
    type: 'client_hello',
    version: PROTOCOL_VERSION,
    user_id: device.userId,
    device_id: device.deviceId,
    public_key: encodeBase64(device.publicKey),
    challenge: encodeBase64(randomBytes(CHALLENGE_BYTES)),
    capabilities: [...capabilities],
    ...(kept.ticket === undefined ? {} : { resume: kept.ticket }),
  };
  wire.send('client_hello', hello);
  const serverHello = await answerTo(wire, 'server_hello');
  const pins = await verifyServer(kept.pins, hello, serverHello, nowSeconds(clock));
  const signature = encodeBase64(await device.sign(handshakeTranscript('client-auth', hello, serverHello)));
  wire.send('client_auth', { type: 'client_auth', signature });

  const ready = await answerTo(wire, 'session_ready');
  if (ready.session_id !== serverHello.session_id)
    throw new ServerBrokeProtocol('The session is not the one agreed on');
  return {
    session: {
      sessionId: ready.session_id,
      limits: serverHello.limits,
      capabilities: serverHello.capabilities,
      retryPolicy: ready.retry_policy,
    },
    keepsake: { pins, ticket: ready.resume_ticket },
    heartbeatMs: ready.heartbeat_interval_ms,
    early: await ping(wire, clock),
  };
}

async function ping(wire: Wire, clock: Clock): Promise<readonly Downstream[]> {
  wire.send('ping', { type: 'ping', timestamp: nowSeconds(clock), sequence: FIRST_PING });
  const early: Downstream[] = [];
  for (;;) {
    const message = await wire.next();
    if (message.type === 'pong') return early;
    if (early.push(message) > MAX_EARLY) throw new ServerBrokeProtocol('The server speaks out of turn');
  }
}

async function answerTo<N extends 'server_hello' | 'session_ready'>(
  wire: Wire,
  name: N,
): Promise<Downstream<N>> {
  const answer = await wire.next();
  if (answer.type === name) return answer as Downstream<N>;
  // the close that follows says why, with a code
  if (answer.type === 'goaway') return answerTo(wire, name);
  if (answer.type !== 'error')
    throw new ServerBrokeProtocol(`The server sent ${answer.type} instead of ${name}`);
  const refusal = new ServerRefused(answer);
  if (refusal.error === 'AUTHENTICATION_FAILED') throw new LoginRefused(refusal.message, { cause: refusal });
  if (refusal.error === 'UNSUPPORTED_VERSION') throw new UpdateNeeded(refusal.message, { cause: refusal });
  throw refusal;
}

export function nowSeconds(clock: Clock): number {
  return Math.floor(clock.now() / 1000);
}
