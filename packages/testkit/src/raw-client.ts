import {
  type Downstream,
  type DownstreamName,
  decodeDownstream,
  downstreamLimit,
  encodeFrame,
  encodeUpstream,
  type Frame,
  FrameReader,
  type Upstream,
  type UpstreamName,
} from '@securechat/protocol';
import { type Login, type LoginOptions, logIn } from './raw-login.ts';
import { openTransport, type RawTarget, type RawTransport, type TransportEvents } from './raw-transport.ts';
import { within } from './until.ts';

/** A frame from the server. `message` is undefined for a type not in the catalogue. */
export type Received = {
  readonly type: number;
  readonly name: DownstreamName | undefined;
  readonly message: Downstream | undefined;
  readonly payload: Uint8Array;
};

/** How a connection ended. On TCP the code is that of the last `goaway`, or 1006 without one. */
export type ConnectionEnd = { code: number; reason: string };

type Waiter = { take(received: Received): boolean; fail(error: Error): void };

export const ANSWER_DEADLINE_MS = 5_000;

/**
 * Speaks frames and is no SDK: sends whatever it is told, at any time, and keeps everything it receives in order until asked. Answers
 * nothing by itself.
 */
export class RawClient {
  /** Settles exactly once, however the connection ended. */
  readonly closed: Promise<ConnectionEnd>;
  /** Received frames that nobody has asked for yet, oldest first. */
  readonly queue: Received[] = [];
  #transport!: RawTransport;
  #end: ConnectionEnd | undefined;
  #fault: Error | undefined;
  #lastGoaway: Downstream<'goaway'> | undefined;
  #listener: ((received: Received) => void) | undefined;
  readonly #waiters = new Set<Waiter>();
  readonly #reader = new FrameReader(downstreamLimit);
  readonly #resolveClosed: (end: ConnectionEnd) => void;

  private constructor() {
    const { promise, resolve } = Promise.withResolvers<ConnectionEnd>();
    this.closed = promise;
    this.#resolveClosed = resolve;
  }

  static async connect(target: RawTarget, deadlineMs = ANSWER_DEADLINE_MS): Promise<RawClient> {
    const client = new RawClient();
    client.#transport = await openTransport(target, client.#events(), deadlineMs);
    return client;
  }

  get transport(): RawTransport {
    return this.#transport;
  }

  get isOpen(): boolean {
    return this.#end === undefined;
  }

  /** Whole frames, parts of frames, or anything else. */
  sendFrame(bytes: Uint8Array): void {
    this.#transport.write(bytes);
  }

  /** Whatever the types allow. Field values are not checked. */
  send<N extends UpstreamName>(name: N, message: Upstream<N>): void {
    this.sendFrame(encodeUpstream(name, message));
  }

  /** Any type number with any payload. */
  sendAny(type: number, payload: object | string | Uint8Array): void {
    const bytes =
      payload instanceof Uint8Array
        ? payload
        : Buffer.from(typeof payload === 'string' ? payload : JSON.stringify(payload));
    this.sendFrame(encodeFrame(type, bytes));
  }

  /** The oldest unread message of this name accepted by `where`, now or once it arrives. */
  next<N extends DownstreamName>(
    name: N,
    where: (message: Downstream<N>) => boolean = () => true,
    deadlineMs = ANSWER_DEADLINE_MS,
  ): Promise<Downstream<N>> {
    const fits = (received: Received) =>
      received.name === name && received.message !== undefined && where(received.message as Downstream<N>);
    return this.#take(fits, name, deadlineMs).then((received) => received.message as Downstream<N>);
  }

  /** The oldest unread message with one of these names. */
  nextOf<N extends DownstreamName>(
    names: readonly N[],
    deadlineMs = ANSWER_DEADLINE_MS,
  ): Promise<Downstream<N>> {
    const wanted: readonly (DownstreamName | undefined)[] = names;
    return this.#take(({ name }) => wanted.includes(name), names.join(' or '), deadlineMs).then(
      (received) => received.message as Downstream<N>,
    );
  }

  /** The oldest unread frame of any type. */
  nextOfAny(deadlineMs = ANSWER_DEADLINE_MS): Promise<Received> {
    return this.#take(() => true, 'a frame', deadlineMs);
  }

  /** Passes every frame, starting with unread ones, to `listener` from now on. */
  listen(listener: (received: Received) => void): void {
    this.#listener = listener;
    for (const received of this.queue.splice(0)) listener(received);
  }

  /** The three steps of the login; see `raw-login.ts` for ways to tamper with them. */
  login(options: LoginOptions): Promise<Login> {
    return logIn(this, options);
  }

  /** Resolves with the end of the connection; rejects when that does not come. */
  end(deadlineMs = ANSWER_DEADLINE_MS): Promise<ConnectionEnd> {
    return within(this.closed, deadlineMs, () => `the end of the connection; ${this.#unread()}`);
  }

  close(): void {
    this.#transport.close();
  }

  /** Disconnects without a close handshake, as when the network is lost. */
  destroy(): void {
    this.#transport.destroy();
  }

  async #take(fits: (received: Received) => boolean, what: string, deadlineMs: number): Promise<Received> {
    const index = this.queue.findIndex(fits);
    const [unread] = index >= 0 ? this.queue.splice(index, 1) : [];
    if (unread) return unread;
    if (this.#fault) throw this.#fault;
    if (this.#end) throw this.#ended(what);

    const { promise, resolve, reject } = Promise.withResolvers<Received>();
    const waiter: Waiter = {
      take(received) {
        const wanted = fits(received);
        if (wanted) resolve(received);
        return wanted;
      },
      fail: (error) => reject(this.#fault ?? this.#ended(what, error)),
    };
    this.#waiters.add(waiter);
    try {
      return await within(promise, deadlineMs, () => `${what}; ${this.#unread()}`);
    } finally {
      this.#waiters.delete(waiter);
    }
  }

  #events(): TransportEvents {
    return {
      bytes: (chunk) => {
        try {
          this.#reader.read(chunk, (frame) => this.#receive(frame));
        } catch (error) {
          this.#spoil(error as Error);
        }
      },
      fault: (error) => this.#spoil(error),
      closed: (code, reason) => {
        const goaway = this.#transport.kind === 'tcp' ? this.#lastGoaway : undefined;
        this.#end = goaway ? { code: goaway.code, reason: goaway.reason } : { code, reason };
        for (const waiter of this.#waiters) waiter.fail(new Error('closed'));
        this.#resolveClosed(this.#end);
      },
    };
  }

  #receive({ type, payload }: Frame): void {
    const copy = Uint8Array.from(payload);
    const message = decodeDownstream(type, copy);
    const received: Received = { type, name: message?.type, message, payload: copy };
    if (message?.type === 'goaway') this.#lastGoaway = message;
    const waiter = [...this.#waiters].find((candidate) => candidate.take(received));
    if (this.#listener) this.#listener(received);
    else if (waiter) this.#waiters.delete(waiter);
    else this.queue.push(received);
  }

  /** The server broke the protocol: nothing it sends afterwards can be trusted. */
  #spoil(error: Error): void {
    this.#fault ??= new Error(`the server broke the protocol: ${error.message}`, { cause: error });
    this.destroy();
  }

  #ended(what: string, cause?: Error): Error {
    const { code, reason } = this.#end ?? { code: 0, reason: '' };
    return new Error(`closed with ${code} (${reason}) before ${what} came; ${this.#unread()}`, { cause });
  }

  #unread(): string {
    const texts = this.queue.map(({ name, type, message }) =>
      message?.type === 'error' ? `error ${message.error_code}` : (name ?? `type ${type}`),
    );
    return texts.length === 0 ? 'nothing else has come' : `unread: ${texts.join(', ')}`;
  }
}
