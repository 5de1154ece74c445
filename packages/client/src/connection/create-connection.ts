import type { Downstream } from '@securechat/protocol';
import { type Clock, systemClock, withDeadline } from '../clock.ts';
import { NotConnected, SecureChatError, ServerRefused, ServerUnreachable } from '../errors.ts';
import { Emitter, type Listener } from '../events.ts';
import type {
  Answers,
  Connection,
  ConnectionEvents,
  ConnectionState,
  Keepsake,
  Question,
  QuestionName,
  RequestOptions,
  Session,
} from './connection.ts';
import { Heartbeat } from './heartbeat.ts';
import { FIRST_PING, type Login, type LoginDevice, logIn, nowSeconds } from './login.ts';
import { Reconnect } from './reconnect.ts';
import { Requests } from './requests.ts';
import type { Transport } from './transport.ts';
import { webSocketTransport } from './websocket.ts';
import { errorOf, Wire, type WireEnd } from './wire.ts';

export type ConnectionOptions = {
  /** Addresses of the same service, tried in turn. */
  urls: readonly string[];
  device: LoginDevice;
  /** Must contain pins: a device without any gets them from a trusted source first. */
  keepsake: Keepsake;
  /** What this client supports; the server refuses what was not announced. */
  capabilities?: readonly string[];
  transport?: Transport;
  clock?: Clock;
  /** Returns 0 to 1, for jitter. */
  random?: () => number;
};

/** The server accepts a challenge for 30 s; a login that has taken half of that is not going to succeed. */
const LOGIN_DEADLINE_MS = 15_000;
const CAPABILITIES = ['e2e_encryption', 'groups', 'file_transfer'];

export function createConnection(options: ConnectionOptions): Connection {
  return new ManagedConnection(options);
}

/** Keeps one connection in a loop: attempt, serve, wait. The decisions are made by its parts. */
class ManagedConnection implements Connection {
  state: ConnectionState = 'disconnected';
  session: Session | undefined;
  readonly #options: ConnectionOptions;
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #events = new Emitter<ConnectionEvents>();
  readonly #reconnect: Reconnect;
  readonly #requests: Requests;
  #keepsake: Keepsake;
  #attempts = 0;
  /** Set while connected. */
  #wire: Wire | undefined;
  #heartbeat: Heartbeat | undefined;
  #stopping: AbortController | undefined;
  #running: Promise<void> = Promise.resolve();

  constructor(options: ConnectionOptions) {
    if (options.urls.length === 0) throw new TypeError('a connection needs a URL');
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#random = options.random ?? Math.random;
    this.#keepsake = options.keepsake;
    this.#reconnect = new Reconnect(this.#clock, this.#random);
    this.#requests = new Requests(this.#clock, this.#random, (frame) => this.send(frame, true));
  }

  start(): void {
    if (this.#stopping) return;
    const stopping = new AbortController();
    this.#stopping = stopping;
    this.#running = this.#running.then(() => this.#run(stopping.signal));
  }

  async stop(): Promise<void> {
    const stopping = this.#stopping;
    this.#stopping = undefined;
    this.#requests.stop('The connection was stopped');
    stopping?.abort(new NotConnected('The connection was stopped'));
    await this.#running;
  }

  nudge(): void {
    this.#reconnect.nudge();
    this.#heartbeat?.probe();
  }

  send(frame: Uint8Array<ArrayBuffer>, isAnswered?: boolean): boolean {
    if (this.state !== 'connected') return false;
    this.#wire?.sendFrame(frame);
    if (isAnswered) this.#heartbeat?.awaitAnswer(frame.length);
    return true;
  }

  async request<N extends QuestionName>(
    name: N,
    question: Question<N>,
    options?: RequestOptions,
  ): Promise<Downstream<Answers[N]>> {
    if (!this.#stopping) throw new NotConnected('The connection was not started, or has ended');
    return this.#requests.ask(name, question, options);
  }

  on<K extends keyof ConnectionEvents>(name: K, listener: Listener<ConnectionEvents[K]>): () => void {
    return this.#events.on(name, listener);
  }

  async #run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const { error, hintMs } = await this.#attempt(signal);
      this.#enter('disconnected');
      if (signal.aborted) break;
      if (!error.isRetryable) return this.#finish(error);
      const retryInMs = this.#reconnect.failed(hintMs);
      this.#events.emit('failure', { error, retryInMs });
      await this.#reconnect.wait(retryInMs, signal);
    }
  }

  #finish(error: SecureChatError): void {
    this.#stopping = undefined;
    this.#requests.stop('The connection has ended', error);
    this.#events.emit('ended', error);
  }

  /** One connection from start to end; resolves with why it ended. */
  async #attempt(signal: AbortSignal): Promise<{ error: SecureChatError; hintMs?: number | undefined }> {
    const { urls, transport = webSocketTransport } = this.#options;
    const url = urls[this.#attempts++ % urls.length] ?? '';
    this.#reconnect.tries();
    this.#enter('connecting');
    let wire: Wire | undefined;
    try {
      wire = await Wire.open(transport, url, this.#clock, signal);
      this.#enter('authenticating');
      const end = await this.#serve(wire, await this.#logIn(wire, signal), signal);
      return { error: errorOf(end), hintMs: wire.hintMs };
    } catch (error) {
      if (!(error instanceof SecureChatError)) throw error;
      return { error, hintMs: error instanceof ServerRefused ? error.retryAfterMs : wire?.hintMs };
    } finally {
      wire?.destroy();
    }
  }

  async #logIn(wire: Wire, signal: AbortSignal): Promise<Login> {
    const { device, capabilities = CAPABILITIES } = this.#options;
    const late = () => new ServerUnreachable(`No login within ${LOGIN_DEADLINE_MS} ms`);
    return withDeadline(this.#clock, LOGIN_DEADLINE_MS, signal, late, () =>
      logIn(wire, device, this.#keepsake, capabilities, this.#clock),
    );
  }

  /** From the finished login to the end of the connection. */
  async #serve(wire: Wire, login: Login, signal: AbortSignal): Promise<WireEnd> {
    const lost = Promise.withResolvers<WireEnd>();
    const heartbeat = this.#heartbeatOf(wire, login.heartbeatMs, () =>
      lost.resolve({ code: 1006, reason: 'nothing was heard for too long' }),
    );
    const leave = (): void => void wire.close();
    signal.addEventListener('abort', leave);
    try {
      heartbeat.start();
      this.#begin(wire, heartbeat, login);
      return await Promise.race([wire.ended, lost.promise]);
    } finally {
      signal.removeEventListener('abort', leave);
      heartbeat.stop();
      this.#heartbeat = undefined;
      this.#wire = undefined;
      this.session = undefined;
      this.#requests.disconnected();
    }
  }

  #begin(wire: Wire, heartbeat: Heartbeat, { session, keepsake, early }: Login): void {
    this.#wire = wire;
    this.#heartbeat = heartbeat;
    this.session = session;
    this.#keepsake = keepsake;
    this.#reconnect.succeeded();
    this.#events.emit('session', { session, keepsake });
    this.#enter('connected');
    this.#requests.connected(session.retryPolicy);
    for (const message of early) this.#take(message);
    wire.listen((message) => this.#take(message));
  }

  #heartbeatOf(wire: Wire, intervalMs: number, onLost: () => void): Heartbeat {
    const [clock, random] = [this.#clock, this.#random];
    let sequence = FIRST_PING;
    return new Heartbeat({
      ...{ clock, random, intervalMs, onLost },
      heardAtMs: () => wire.heardAtMs,
      ping: () => wire.send('ping', { type: 'ping', timestamp: nowSeconds(clock), sequence: ++sequence }),
    });
  }

  #take(message: Downstream): void {
    if (message.type !== 'pong' && !this.#requests.take(message)) this.#events.emit('message', message);
  }

  #enter(state: ConnectionState): void {
    if (this.state === state) return;
    this.state = state;
    this.#events.emit('state', state);
  }
}
