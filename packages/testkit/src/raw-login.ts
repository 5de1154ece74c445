import { createChallenge } from '@securechat/crypto/challenge';
import { acceptServerHello } from '@securechat/crypto/service-keys';
import { type Downstream, handshakeTranscript, PROTOCOL_VERSION, type Upstream } from '@securechat/protocol';
import { nowSeconds } from './enrolment.ts';
import type { Device, Person } from './people.ts';
import type { RawClient } from './raw-client.ts';

export type Hello = Upstream<'client_hello'>;
export type ServerHello = Downstream<'server_hello'>;

/** What a client keeps across connections: the pinned key, and those it was handed over to. */
export type ServiceKeyPins = { keys: readonly Uint8Array[] };

export type LoginOptions = {
  person: Person;
  device: Device;
  /** The pinned service key; without it the server's proof is not checked. */
  serviceKey?: Uint8Array | ServiceKeyPins;
  /** Resume ticket of an earlier session. */
  ticket?: string | undefined;
  capabilities?: string[];
  /** Changed values in the hello, both sent and signed. */
  overrides?: Partial<Hello>;
  tamper?: {
    /** The hellos to sign, if different from those sent. */
    signed?: (client: Hello, server: ServerHello) => { client: Hello; server: ServerHello };
    /** Which of the two labels to sign with. */
    context?: 'client-auth' | 'server-auth';
    /** The proof to send. */
    auth?: (auth: Upstream<'client_auth'>) => Upstream<'client_auth'>;
  };
  deadlineMs?: number;
};

export type Login = {
  hello: Hello;
  serverHello: ServerHello;
  auth: Upstream<'client_auth'>;
  ready: Downstream<'session_ready'>;
};

/** The client aborted the login. */
export class ServerNotProved extends Error {
  override readonly name = 'ServerNotProved';
  readonly because: 'unknown_service_key' | 'not_proved';

  constructor(because: 'unknown_service_key' | 'not_proved') {
    super(`the server could not prove itself: ${because}`);
    this.because = because;
  }
}

/** The server answered a step of the login with an error. */
export class LoginRefused extends Error {
  override readonly name = 'LoginRefused';
  readonly answer: Downstream<'error'>;

  constructor(answer: Downstream<'error'>) {
    super(`login refused: ${answer.error_code} (${answer.code}), ${answer.error_message}`);
    this.answer = answer;
  }
}

export async function logIn(client: RawClient, options: LoginOptions): Promise<Login> {
  const hello = helloOf(options);
  client.send('client_hello', hello);
  const serverHello = await answerOrRefusal(client, 'server_hello', options.deadlineMs);
  if (options.serviceKey) checkServer(options.serviceKey, hello, serverHello);
  const auth = authFor(options, hello, serverHello);
  client.send('client_auth', auth);
  const ready = await answerOrRefusal(client, 'session_ready', options.deadlineMs);
  return { hello, serverHello, auth, ready };
}

/** Updates the pins when the service key changes. */
function checkServer(pinned: Uint8Array | ServiceKeyPins, hello: Hello, serverHello: ServerHello): void {
  const keys = pinned instanceof Uint8Array ? [pinned] : pinned.keys;
  const verdict = acceptServerHello(keys, hello, serverHello, nowSeconds());
  if (!verdict.isGenuine) throw new ServerNotProved(verdict.because);
  if (!(pinned instanceof Uint8Array)) pinned.keys = verdict.pins;
}

export function helloOf(options: LoginOptions): Hello {
  return {
    type: 'client_hello',
    version: PROTOCOL_VERSION,
    user_id: options.person.id,
    device_id: options.device.id,
    public_key: options.device.publicKey,
    challenge: createChallenge(),
    capabilities: options.capabilities ?? ['e2e_encryption', 'groups', 'file_transfer'],
    ...(options.ticket === undefined ? {} : { resume: options.ticket }),
    ...options.overrides,
  };
}

export function authFor(
  options: LoginOptions,
  hello: Hello,
  serverHello: ServerHello,
): Upstream<'client_auth'> {
  const { signed, context = 'client-auth', auth: change } = options.tamper ?? {};
  const { client, server } = signed?.(hello, serverHello) ?? { client: hello, server: serverHello };
  const signature = options.device.key.sign(handshakeTranscript(context, client, server));
  const auth = { type: 'client_auth' as const, signature: signature.toString('base64') };
  return change?.(auth) ?? auth;
}

async function answerOrRefusal<N extends 'server_hello' | 'session_ready'>(
  client: RawClient,
  name: N,
  deadlineMs?: number,
): Promise<Downstream<N>> {
  const answer = await client.nextOf([name, 'error'], deadlineMs);
  if (answer.type === 'error') throw new LoginRefused(answer);
  return answer as Downstream<N>;
}
