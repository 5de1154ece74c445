import { setTimeout as wait } from 'node:timers/promises';
import {
  BREAKER_HALF_OPENS_AFTER_MS,
  type BreakerState,
  breakerAfterFailure,
  closedBreaker,
  type Downstream,
  type ErrorName,
  errors,
  mayReconnect,
  reconnectDelayMs,
} from '@securechat/protocol';
import { nowSeconds } from '../enrolment.ts';
import { type ConnectionEnd, RawClient, type Received } from '../raw-client.ts';
import { type Login, type LoginOptions, LoginRefused } from '../raw-login.ts';
import type { RawTarget } from '../raw-transport.ts';

export type KeeperOptions = {
  /** Tried in turn, the next one after each disconnection. */
  gateways: readonly RawTarget[];
  login: Omit<LoginOptions, 'ticket'>;
  /** Multiplies the delays of the reconnect ladder and the breaker; delays the server asks for are kept. */
  waitScale: number;
  /** Default: the server's value from the login. */
  heartbeatMs?: number | undefined;
};

export type KeeperEvents = {
  connected(login: Login): void;
  received(received: Received): void;
  /** Undefined when it was closed because of a fault on our side. */
  disconnected(end: ConnectionEnd | undefined): void;
  /** An attempt to connect failed. */
  failed(error: Error): void;
  /** It will not reconnect: the server said so, or refused the login for good. */
  ended(reason: Error): void;
};

/** A paused or dead server does not answer the close handshake. */
const GOODBYE_MS = 1_000;
/** Two missed beats and half an interval, the same ratio the server uses. */
const GONE_AFTER_BEATS = 2.5;

/** Keeps one connection: logs in (by ticket if it has one), sends heartbeats, and reconnects. */
export class ConnectionKeeper {
  /** Set while logged in. */
  client: RawClient | undefined;
  ticket: string | undefined;
  readonly #options: KeeperOptions;
  readonly #events: KeeperEvents;
  #attempts = 0;
  #breaker: BreakerState = closedBreaker;
  #hintMs: number | undefined;
  #stopping: AbortController | undefined;
  #running: Promise<void> = Promise.resolve();

  constructor(options: KeeperOptions, events: KeeperEvents) {
    this.#options = options;
    this.#events = events;
  }

  start(): void {
    if (this.#stopping) return;
    this.#stopping = new AbortController();
    this.#running = this.#run(this.#stopping.signal);
  }

  /** Closes the connection and does not reconnect until the next `start`. */
  async stop(): Promise<void> {
    this.#stopping?.abort();
    await this.#running;
  }

  async #run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        const end = await this.#connectAndServe(signal);
        if (!signal.aborted && !mayReconnect(end.code)) {
          this.#events.ended(new Error(`the server closed with ${end.code} (${end.reason})`));
          break;
        }
      } catch (error) {
        this.#events.failed(error as Error);
        if (!this.#mayTryAgain(error as Error)) {
          this.#events.ended(error as Error);
          break;
        }
      }
      if (!signal.aborted) await wait(this.#nextDelayMs(), undefined, { signal }).catch(() => undefined);
    }
    this.#stopping = undefined;
  }

  async #connectAndServe(signal: AbortSignal): Promise<ConnectionEnd> {
    const { gateways, login: loginOptions } = this.#options;
    const target = gateways[this.#attempts++ % gateways.length];
    if (!target) throw new Error('no gateway to connect to');
    const client = await RawClient.connect(target);
    let goodbye: NodeJS.Timeout | undefined;
    const leave = (): void => {
      if (this.client === client) client.close();
      goodbye = setTimeout(() => client.destroy(), this.client === client ? GOODBYE_MS : 0);
    };
    signal.addEventListener('abort', leave);
    try {
      if (signal.aborted) leave();
      const login = await client.login({ ...loginOptions, ticket: this.ticket });
      this.ticket = login.ready.resume_ticket;
      this.client = client;
      return await this.#serve(client, login);
    } finally {
      signal.removeEventListener('abort', leave);
      clearTimeout(goodbye);
      client.destroy();
    }
  }

  async #serve(client: RawClient, login: Login): Promise<ConnectionEnd> {
    const heart = this.#startHeartbeat(client, login.ready.heartbeat_interval_ms);
    let end: ConnectionEnd | undefined;
    try {
      this.#events.connected(login);
      client.listen((received) => {
        if (received.message?.type === 'pong') heart.heard();
        if (received.message?.type === 'goaway') this.#hintMs = received.message.reconnect_after_ms;
        this.#events.received(received);
      });
      end = await client.closed;
      return end;
    } finally {
      heart.stop();
      this.client = undefined;
      this.#events.disconnected(end);
    }
  }

  /** Sends the first beat at once: only its answer shows that the connection is healthy. */
  #startHeartbeat(client: RawClient, intervalMs: number): { heard(): void; stop(): void } {
    const everyMs = this.#options.heartbeatMs ?? intervalMs;
    let sequence = 0;
    let heardAtMs = performance.now();
    const beat = (): void => {
      if (performance.now() - heardAtMs > GONE_AFTER_BEATS * everyMs) client.destroy();
      else client.send('ping', { type: 'ping', timestamp: nowSeconds(), sequence: ++sequence });
    };
    const timer = setInterval(beat, everyMs);
    beat();
    return {
      heard: () => {
        heardAtMs = performance.now();
        this.#breaker = closedBreaker;
      },
      stop: () => clearInterval(timer),
    };
  }

  #mayTryAgain(error: Error): boolean {
    this.#breaker = breakerAfterFailure(this.#breaker, performance.now());
    if (!(error instanceof LoginRefused)) return true;
    const answer: Downstream<'error'> = error.answer;
    this.#hintMs = answer.retry_after_ms;
    const hadTicket = this.ticket !== undefined;
    this.ticket = undefined;
    return hadTicket || errors[answer.error_code as ErrorName]?.retry === 'later';
  }

  #nextDelayMs(): number {
    const hintMs = this.#hintMs;
    this.#hintMs = undefined;
    if (hintMs !== undefined) return reconnectDelayMs(0, 0, hintMs);
    const { failures, openedAtMs } = this.#breaker;
    const waitMs =
      openedAtMs === undefined ? reconnectDelayMs(failures, Math.random()) : BREAKER_HALF_OPENS_AFTER_MS;
    return waitMs * this.#options.waitScale;
  }
}
