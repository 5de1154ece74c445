import {
  type CloseReason,
  closeCodes,
  closeTexts,
  type Downstream,
  type DownstreamName,
  type ErrorDetail,
  type ErrorName,
  encodeDownstream,
  errorMessage,
  type Frame,
  FrameReader,
  limitBeforeLogin,
  ProtocolError,
  upstreamLimit,
} from '@securechat/protocol';
import type { GatewayContext } from '../context.ts';
import type { LoginProgress } from '../handlers/client_hello.ts';
import { unregister } from '../handlers/register.ts';
import type { Peer, Waiter } from '../limits/bandwidth.ts';
import { LocalRates } from '../limits/local-rate.ts';
import { Offences } from '../limits/offences.ts';
import { Standing } from '../presence/standing.ts';
import type { Transport, TransportEvents } from '../transport/transport.ts';
import { FileWindow } from './file-window.ts';
import { Mailbox } from './mailbox.ts';
import { Outbox } from './outbox.ts';
import { receive } from './receive.ts';
import type { Session } from './session.ts';
import { type ConnectionState, timeoutOf } from './states.ts';

/** Frames that wait behind one that is being dealt with; with more, the socket is not read. */
const MAX_WAITING_FRAMES = 64;
/** Messages on their way to delivery without an answer; with more, the socket is not read. */
const MAX_IN_FLIGHT = 64;
/** An answer may get lost with Redis; then the client sends again and counts anew. */
const IN_FLIGHT_FORGOTTEN_AFTER_MS = 5_000;

/**
 * One client's connection: bytes in, frames in order to `receive`, frames out. It holds no timers; `sweep` is
 * called for all connections once a second.
 */
export class Connection implements TransportEvents, Waiter {
  readonly number: number;
  readonly address: string;
  readonly context: GatewayContext;
  readonly mailbox: Mailbox;
  readonly offences: Offences;
  readonly rates = new LocalRates();
  readonly standing = new Standing();
  #fileWindow: FileWindow | undefined;
  /** Set by the login handlers while the login lasts. */
  login: LoginProgress | undefined;
  session: Session | undefined;
  /** When the directory first knew this connection; orders the connections of a device. */
  registeredSince: string | undefined;
  /** Whether the directory knows it now, as far as we know. */
  isRegistered = false;
  lastPingSequence = -1;

  readonly #transport: Transport;
  readonly #outbox: Outbox;
  readonly #reader: FrameReader;
  #state: ConnectionState = 'hello';
  #stateSince: number;
  #lastHeard: number;
  #frameBegan: number | undefined;
  #waiting: Frame[] = [];
  #isBusy = false;
  #isPaused = false;
  #pausedUntil = 0;
  #waitsForBandwidth = false;
  #inFlight = 0;
  #lastAnswered = 0;

  constructor(context: GatewayContext, transport: Transport, address: string) {
    this.context = context;
    this.number = context.hub.nextNumber();
    this.address = address;
    this.#transport = transport;
    this.#outbox = new Outbox(transport, (bytes) => context.bandwidth.sent(bytes, this.#peer));
    this.#reader = new FrameReader((type) =>
      this.#state === 'ready' ? upstreamLimit(type) : limitBeforeLogin(type),
    );
    this.#stateSince = this.#lastHeard = context.clock.monotonicMs();
    this.offences = new Offences(context.clock, this.rates);
    this.mailbox = new Mailbox({
      ask: (question) => context.requests.askPage(this, question),
      send: (type, frame) => this.sendFrame(type, frame),
      bufferedBytes: () => this.#outbox.bufferedBytes,
      mayTake: () => context.bandwidth.mayTake(this),
    });
    context.hub.add(this);
    context.metrics.opened(transport.kind);
  }

  get fileWindow(): FileWindow {
    this.#fileWindow ??= new FileWindow();
    return this.#fileWindow;
  }

  get kind(): Transport['kind'] {
    return this.#transport.kind;
  }

  get state(): ConnectionState {
    return this.#state;
  }

  /** Who asks for nothing but a login, or is on its way out, takes no bandwidth from those who are in. */
  get #peer(): Peer {
    return this.#state === 'ready' ? 'session' : 'stranger';
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  /** Something it sent is being dealt with, here or by another service. */
  get isOwedAnswers(): boolean {
    return this.#inFlight > 0 || this.#isBusy || this.#waiting.length > 0;
  }

  /** Written and not yet taken by the operating system. */
  get bufferedBytes(): number {
    return this.#outbox.bufferedBytes;
  }

  /** Enters a state with a time of its own. */
  enter(state: ConnectionState): void {
    this.#state = state;
    this.#stateSince = this.context.clock.monotonicMs();
  }

  /** The next step of a login: its time goes on, or a client could stretch it step by step. */
  advance(state: 'proof' | 'login'): void {
    this.#state = state;
  }

  // --- in ---

  onBytes(chunk: Uint8Array): void {
    if (this.#state === 'closing') return;
    this.#lastHeard = this.context.clock.monotonicMs();
    this.context.bandwidth.received(chunk.length, this.#peer);
    // Who asks and does not read makes the answers pile up; the next sweep would be late.
    if (this.#outbox.isFull) return this.close('slow_consumer');
    try {
      this.#reader.read(chunk, (frame) => {
        this.#frameBegan = undefined;
        this.#take(frame);
      });
      if (this.#reader.isBetweenFrames) this.#frameBegan = undefined;
      else if (this.#transport.chunksAreWhole) throw INCOMPLETE;
      else this.#frameBegan ??= this.#lastHeard;
      this.#readOnIfRoom();
    } catch (error) {
      this.refuse(error);
    }
  }

  onForeign(): void {
    this.refuse(new ProtocolError('INVALID_MESSAGE_FORMAT', { path: 'websocket text' }, { fatal: true }));
  }

  /** Some libraries keep connections alive by pings of their own. They count as ours, and no more are answered. */
  onPing(answer: () => void): void {
    if (this.#state === 'closing') return;
    this.#lastHeard = this.context.clock.monotonicMs();
    const retryAfterMs = this.rates.take('pings', this.#lastHeard);
    if (retryAfterMs === 0) return answer();
    this.refuse(new ProtocolError('RATE_LIMITED', { scope: 'pings', retry_after_ms: retryAfterMs }));
  }

  onClosed(): void {
    this.mailbox.stop();
    this.context.bandwidth.leave(this);
    this.#waiting = [];
    if (this.#state !== 'closing') this.enter('closing');
    this.context.hub.remove(this);
    this.context.metrics.closed(this.kind);
    if (this.standing.status !== undefined) this.context.reporter.gone(this);
    if (this.standing.watching) this.context.watchers.leave(this);
    if (this.session) void unregister(this, this.session);
  }

  /** Frames are dealt with one after the other, even when one of them has to wait for something. */
  #take(frame: Frame): void {
    if (this.#isBusy) {
      this.#waiting.push(frame);
      this.#regulate();
    } else this.#handle(frame);
  }

  #handle(frame: Frame): void {
    try {
      const pending = receive(this, frame);
      if (pending !== undefined) void this.#wait(pending);
    } catch (error) {
      this.refuse(error);
    }
  }

  async #wait(pending: Promise<void>): Promise<void> {
    this.#isBusy = true;
    try {
      await pending;
    } catch (error) {
      this.refuse(error);
    }
    this.#isBusy = false;
    while (!this.#isBusy && this.#waiting.length > 0 && this.#state !== 'closing') {
      const next = this.#waiting.shift();
      if (next) this.#handle(next);
    }
    this.#regulate();
  }

  // --- out ---

  send<N extends DownstreamName>(name: N, message: Downstream<N>): void {
    this.sendFrame(name, encodeDownstream(name, message));
  }

  sendFrame(name: DownstreamName, frame: Uint8Array): void {
    if (this.#state === 'closing') return;
    this.context.metrics.sent(name);
    this.#outbox.send(frame);
  }

  sendError(error: ErrorName, detail: ErrorDetail = {}): void {
    this.context.metrics.refused(error);
    this.send('error', errorMessage(error, detail));
  }

  /** Answers a fault: the peer's with an error frame, anything else with "unavailable" and a line in the log. */
  refuse(error: unknown): void {
    if (this.#state === 'closing') return;
    if (!(error instanceof ProtocolError)) {
      this.context.logger.error({ err: error }, 'frame could not be handled');
      return this.sendError('SERVER_UNAVAILABLE', { retry_after_ms: 1000 });
    }
    this.sendError(error.error, error.detail);
    if (error.fatal || this.#state !== 'ready') {
      const isVersion = error.error === 'UNSUPPORTED_VERSION';
      return this.close(isVersion ? 'unsupported_version' : 'protocol_violation');
    }
    this.#punish(error);
  }

  /** Passes on what another service refused. */
  refuseByName(error: ErrorName, detail: ErrorDetail): void {
    this.refuse(new ProtocolError(error, detail));
  }

  #punish({ error, detail }: ProtocolError): void {
    const verdict = this.offences.add(error, detail.scope);
    if (verdict.close) this.close(verdict.close);
    else if (verdict.pauseMs > 0) {
      this.#pausedUntil = this.context.clock.monotonicMs() + verdict.pauseMs;
      this.#regulate();
    }
  }

  close(reason: CloseReason): void {
    if (this.#state === 'closing') return;
    this.context.metrics.ended(reason);
    this.#outbox.flush();
    this.enter('closing');
    this.#waiting = [];
    this.mailbox.stop();
    this.#transport.resume();
    this.#transport.close(reason);
  }

  /** Ends at once, without a word. */
  cut(): void {
    this.#transport.destroy();
  }

  /** Announces the end, with this client's own time to come back. */
  goAway(reason: CloseReason, reconnectAfterMs: number): void {
    const told = { code: closeCodes[reason], reason: closeTexts[reason] };
    this.send('goaway', { type: 'goaway', ...told, reconnect_after_ms: reconnectAfterMs });
  }

  // --- flow ---

  messageLeft(): void {
    if (this.#inFlight++ === 0) this.#lastAnswered = this.context.clock.monotonicMs();
    this.#regulate();
  }

  messageAnswered(): void {
    this.#lastAnswered = this.context.clock.monotonicMs();
    if (this.#inFlight > 0) this.#inFlight--;
    this.#regulate();
  }

  /** A login is short, and is never held up. */
  #readOnIfRoom(): void {
    if (this.#state !== 'ready' || this.context.bandwidth.mayTake(this)) return;
    this.#waitsForBandwidth = true;
    this.#regulate();
  }

  /** There is bandwidth again, and it is this connection's turn: to read, and to send a page. */
  hasTurn(): void {
    this.#waitsForBandwidth = false;
    this.#regulate();
    this.mailbox.continue();
  }

  /** A socket is not read while it has sent more than is being dealt with, or must wait for a limit. */
  #regulate(): void {
    const shouldPause =
      this.#waiting.length >= MAX_WAITING_FRAMES ||
      this.#inFlight >= MAX_IN_FLIGHT ||
      this.#waitsForBandwidth ||
      this.#pausedUntil > this.context.clock.monotonicMs();
    if (shouldPause === this.#isPaused || this.#state === 'closing') return;
    this.#isPaused = shouldPause;
    if (shouldPause) return this.#transport.pause();
    // What it said meanwhile was not read: it has its time anew, and so has a frame whose rest is to come.
    this.#lastHeard = this.context.clock.monotonicMs();
    if (this.#frameBegan !== undefined) this.#frameBegan = this.#lastHeard;
    this.#transport.resume();
  }

  /** Once a second: deadlines, stuck sockets, pages that are due. */
  sweep(nowMs: number): void {
    const { afterMs, reason } = timeoutOf(this.#state, this.context.timeouts.handshakeMs);
    const since = this.#state === 'ready' ? Math.max(this.#lastHeard, this.#stateSince) : this.#stateSince;
    if (this.#state === 'closing' && nowMs - since > afterMs) return this.#transport.destroy();
    if (this.#state === 'closing') return;
    if (reason !== 'gone' && nowMs - since > afterMs && !this.#isPaused) return this.close(reason);
    const isReading = this.#frameBegan !== undefined && !this.#isPaused;
    if (isReading && nowMs - (this.#frameBegan ?? nowMs) > this.context.timeouts.frameMs)
      return this.close('protocol_violation');
    if (this.#outbox.isStuck(nowMs, this.context.timeouts.stuckMs)) return this.close('slow_consumer');
    if (this.#inFlight > 0 && nowMs - this.#lastAnswered > IN_FLIGHT_FORGOTTEN_AFTER_MS) this.#inFlight = 0;
    this.#regulate();
    this.mailbox.continue();
  }
}

const INCOMPLETE = new ProtocolError(
  'INVALID_MESSAGE_FORMAT',
  { path: 'websocket message' },
  { fatal: true },
);
