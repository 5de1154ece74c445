import { encodeFrame, type Upstream, type UpstreamName, upstream } from '@securechat/protocol';
import {
  type Device,
  helloOf,
  type LoginOptions,
  type Person,
  RawClient,
  type RawTarget,
  type Received,
} from '@securechat/testkit';

/** How far a connection has come: nothing was said yet, both hellos were, or it is logged in. */
export type Stage = 'hello' | 'proof' | 'session';

/** Faults, and pings, that a connection is allowed in ten seconds, less one. */
const USES_PER_CONNECTION = 9;

let pings = 0;

/** An enrolled device whose owner sends whatever it likes. Changes its connection before that is ended for too many faults. */
export class Attacker {
  readonly person: Person;
  readonly device: Device;
  /** Every ticket that it was given. */
  readonly tickets: string[] = [];
  readonly #target: RawTarget;
  readonly #serviceKey: Uint8Array;
  #session: RawClient | undefined;
  #uses = 0;
  readonly #others: RawClient[] = [];

  constructor(parts: { person: Person; device: Device; target: RawTarget; serviceKey: Uint8Array }) {
    this.person = parts.person;
    this.device = parts.device;
    this.#target = parts.target;
    this.#serviceKey = parts.serviceKey;
  }

  get loginOptions(): LoginOptions {
    const { person, device } = this;
    return { person, device, serviceKey: this.#serviceKey, ticket: this.tickets.at(-1) };
  }

  /** A connection at this stage that may make one fault more. */
  async at(stage: Stage): Promise<RawClient> {
    if (stage === 'session') return this.session();
    const client = await this.connect();
    if (stage === 'hello') return client;
    client.send('client_hello', helloOf(this.loginOptions));
    await client.next('server_hello');
    return client;
  }

  async session(): Promise<RawClient> {
    if (!this.#session?.isOpen || this.#uses >= USES_PER_CONNECTION) {
      this.#session?.destroy();
      this.#session = await this.newSession();
      this.#uses = 0;
    }
    this.#uses++;
    return this.#session;
  }

  async newSession(): Promise<RawClient> {
    const client = await this.connect();
    const { ready } = await client.login(this.loginOptions);
    this.tickets.push(ready.resume_ticket);
    return client;
  }

  async connect(): Promise<RawClient> {
    const client = await RawClient.connect(this.#target);
    this.#others.push(client);
    return client;
  }

  close(): void {
    for (const client of this.#others.splice(0)) client.destroy();
    this.#session = undefined;
  }
}

/** Numbers only grow, so it fits any connection. */
export function pingOf(): Upstream<'ping'> {
  return { type: 'ping', timestamp: 0, sequence: ++pings };
}

/** Fails when the connection is of no use any more. */
export async function expectPong(client: RawClient): Promise<void> {
  const ping = pingOf();
  client.send('ping', ping);
  await client.next('pong', ({ sequence }) => sequence === ping.sequence);
}

export type Reaction = {
  /** Everything that came but the answer to our ping. */
  frames: Received[];
  /** Close code; undefined while it is of use. */
  end: number | undefined;
};

/** Sends bytes that will be answered in some way, then a ping, and waits for its answer or the end. */
export async function reactionTo(client: RawClient, bytes: Uint8Array): Promise<Reaction> {
  const frames: Received[] = [];
  const next = (): Promise<Received | undefined> => client.nextOfAny().catch(() => undefined);
  client.sendFrame(bytes);
  const first = await next();
  if (first) frames.push(first);
  const ping = pingOf();
  client.send('ping', ping);
  for (let frame = await next(); frame !== undefined; frame = await next()) {
    const { message } = frame;
    if (message?.type === 'pong' && message.sequence === ping.sequence) return { frames, end: undefined };
    frames.push(frame);
  }
  return { frames, end: (await client.end()).code };
}

/** A frame of this type around any text. */
export function frameOf(type: UpstreamName | number, payload: string | Uint8Array): Uint8Array {
  const id = typeof type === 'number' ? type : upstream[type].id;
  return encodeFrame(id, Buffer.from(payload));
}
