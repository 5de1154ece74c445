import {
  closeCodes,
  type Downstream,
  decodeDownstream,
  downstreamLimit,
  encodeUpstream,
  FrameReader,
  mayReconnect,
  ProtocolError,
  type Upstream,
  type UpstreamName,
} from '@securechat/protocol';
import { type Clock, withDeadline } from '../clock.ts';
import {
  ConnectionLost,
  ConnectionRefused,
  DeviceReplaced,
  DeviceRevoked,
  LoginRefused,
  type SecureChatError,
  ServerBrokeProtocol,
  ServerUnreachable,
  UpdateNeeded,
} from '../errors.ts';
import type { Transport, TransportConnection, TransportEvents } from './transport.ts';

/** How a socket ended. `fault` is set when this side closed it because of what the server sent. */
export type WireEnd = {
  code: number;
  reason: string;
  hintMs?: number | undefined;
  fault?: ServerBrokeProtocol;
};

/** Name resolution, TCP, TLS and the upgrade together; longer than this feels like an outage. */
const CONNECT_DEADLINE_MS = 10_000;
/** Messages that may queue while the login is at another step. A genuine server sends one or two. */
const MAX_WAITING = 64;
/** RFC 6455, 7.4.1; 1006 means that no code was received. */
const PROTOCOL_ERROR = 1002;
const ABNORMAL = 1006;
/** How long to wait for the close handshake; a dead server never answers it. */
const GOODBYE_MS = 1_000;

/** Maps the end of a connection to the error class that says what to do. */
export function errorOf({ code, reason, fault }: WireEnd): SecureChatError {
  if (fault) return fault;
  const text = `The server ended the connection: ${reason || 'without a reason'} (${code})`;
  switch (code) {
    case closeCodes.authentication_failed:
      return new LoginRefused(text);
    case closeCodes.unsupported_version:
      return new UpdateNeeded(text);
    case closeCodes.replaced:
      return new DeviceReplaced(text);
    case closeCodes.revoked:
      return new DeviceRevoked(text);
    default:
      return mayReconnect(code) ? new ConnectionLost(text) : new ConnectionRefused(code, text);
  }
}

/** One socket as a stream of messages: ordered, validated, buffered until somebody listens. */
export class Wire {
  /** Settles exactly once, however the socket ended. */
  readonly ended: Promise<WireEnd>;
  /** When bytes last arrived: monotonic ms. */
  heardAtMs: number;
  readonly #clock: Clock;
  readonly #reader = new FrameReader(downstreamLimit);
  readonly #waiting: Downstream[] = [];
  readonly #resolveEnded: (end: WireEnd) => void;
  #listener: ((message: Downstream) => void) | undefined;
  #socket: TransportConnection | undefined;
  #lastGoaway: Downstream<'goaway'> | undefined;
  #hasEnded = false;

  private constructor(clock: Clock) {
    this.#clock = clock;
    this.heardAtMs = clock.monotonicMs();
    const { promise, resolve } = Promise.withResolvers<WireEnd>();
    this.ended = promise;
    this.#resolveEnded = resolve;
  }

  static async open(transport: Transport, url: string, clock: Clock, signal: AbortSignal): Promise<Wire> {
    const wire = new Wire(clock);
    const late = () => new ServerUnreachable(`No connection to ${url} within ${CONNECT_DEADLINE_MS} ms`);
    wire.#socket = await withDeadline(clock, CONNECT_DEADLINE_MS, signal, late, (until) =>
      transport.connect(url, wire.#events(), { signal: until }),
    );
    if (wire.#hasEnded) wire.destroy();
    return wire;
  }

  /** After how many ms the server asked us to come back, if it did. */
  get hintMs(): number | undefined {
    return this.#lastGoaway?.reconnect_after_ms;
  }

  send<N extends UpstreamName>(name: N, message: Upstream<N>): void {
    this.sendFrame(encodeUpstream(name, message));
  }

  sendFrame(frame: Uint8Array<ArrayBuffer>): void {
    if (!this.#hasEnded) this.#socket?.send(frame);
  }

  /** The next message, for the login, which expects one at a time. Rejects if the connection ends first. */
  async next(): Promise<Downstream> {
    const known = this.#waiting.shift();
    if (known) return known;
    const { promise, resolve } = Promise.withResolvers<Downstream>();
    this.#listener = (message) => {
      this.#listener = undefined;
      resolve(message);
    };
    const failed = this.ended.then((end): never => {
      throw errorOf(end);
    });
    return Promise.race([promise, failed]);
  }

  /** Passes each message to `listener` from now on, starting with the buffered ones. */
  listen(listener: (message: Downstream) => void): void {
    for (const message of this.#waiting.splice(0)) listener(message);
    this.#listener = listener;
  }

  /** Closes gracefully, but does not wait long for the answer. */
  async close(): Promise<void> {
    this.#socket?.close();
    const cancel = this.#clock.after(GOODBYE_MS, () => this.destroy());
    await this.ended;
    cancel();
  }

  destroy(): void {
    this.#socket?.destroy();
  }

  #events(): TransportEvents {
    return {
      onBytes: (chunk) => this.#read(chunk),
      onClose: (code, reason) => this.#end({ code, reason }),
    };
  }

  #read(chunk: Uint8Array): void {
    if (this.#hasEnded) return;
    this.heardAtMs = this.#clock.monotonicMs();
    try {
      this.#reader.read(chunk, ({ type, payload }) => {
        // types newer than this client are ignored
        const message = decodeDownstream(type, payload);
        if (message && !this.#hasEnded) this.#take(message);
      });
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.#spoil(
        new ServerBrokeProtocol(`The server broke the protocol: ${error.message}`, { cause: error }),
      );
    }
  }

  #take(message: Downstream): void {
    if (message.type === 'goaway') this.#lastGoaway = message;
    if (this.#listener) return this.#listener(message);
    this.#waiting.push(message);
    if (this.#waiting.length > MAX_WAITING)
      this.#spoil(new ServerBrokeProtocol('The server speaks out of turn'));
  }

  #spoil(fault: ServerBrokeProtocol): void {
    this.#end({ code: PROTOCOL_ERROR, reason: fault.message, fault });
    this.destroy();
  }

  #end(end: WireEnd): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    // TCP has no close codes: there the server's announcement is all we know
    const announced = end.code === ABNORMAL && !end.fault ? this.#lastGoaway : undefined;
    this.#resolveEnded(announced ? { code: announced.code, reason: announced.reason } : end);
  }
}
