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
  ProtocolError,
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
import { Intake } from './intake.ts';
import { Mailbox } from './mailbox.ts';
import { Outbox } from './outbox.ts';
import { refuse } from './refuse.ts';
import type { Session } from './session.ts';
import { type ConnectionState, timeoutOf } from './states.ts';

/**
 * One client's connection, from open socket to close: its session, its state (see `states.ts`) and what is sent.
 * Incoming data is handled by its intake. It has no timers; `sweep` is called once a second for all connections.
 */
export class Connection implements TransportEvents, Waiter {
  readonly number: number;
  readonly address: string;
  readonly context: GatewayContext;
  readonly intake: Intake;
  readonly mailbox: Mailbox;
  readonly offences: Offences;
  readonly rates = new LocalRates();
  readonly standing = new Standing();
  #fileWindow: FileWindow | undefined;
  /** Set by the login handlers while the login is in progress. */
  login: LoginProgress | undefined;
  session: Session | undefined;
  /** When the directory first knew this connection; orders the connections of a device. */
  registeredSince: string | undefined;
  /** Whether it is currently in the directory, as far as we know. */
  isRegistered = false;
  lastPingSequence = -1;

  readonly #transport: Transport;
  readonly #outbox: Outbox;
  #state: ConnectionState = 'hello';
  #stateSince: number;

  constructor(context: GatewayContext, transport: Transport, address: string) {
    this.context = context;
    this.number = context.hub.nextNumber();
    this.address = address;
    this.#transport = transport;
    this.#outbox = new Outbox(transport, (bytes) => context.bandwidth.sent(bytes, this.#peer));
    this.#stateSince = context.clock.monotonicMs();
    this.intake = new Intake(this, transport);
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

  /** A connection that is still logging in, or closing, takes no bandwidth from established sessions. */
  get #peer(): Peer {
    return this.#state === 'ready' ? 'session' : 'stranger';
  }

  /** Written and not yet taken by the operating system. */
  get bufferedBytes(): number {
    return this.#outbox.bufferedBytes;
  }

  /** Enters a state and restarts its timeout. */
  enter(state: ConnectionState): void {
    this.#state = state;
    this.#stateSince = this.context.clock.monotonicMs();
  }

  /** The next step of a login. Keeps the login's start time, or a client could stretch it step by step. */
  advance(state: 'proof' | 'login'): void {
    this.#state = state;
  }

  // --- events of the transport ---

  onBytes(chunk: Uint8Array): void {
    if (this.#state === 'closing') return;
    this.context.bandwidth.received(chunk.length, this.#peer);
    // A client that sends but does not read makes its answers pile up; the next sweep would be too late.
    if (this.#outbox.isFull) return this.close('slow_consumer');
    this.intake.read(chunk);
  }

  onForeign(): void {
    refuse(this, new ProtocolError('INVALID_MESSAGE_FORMAT', { path: 'websocket text' }, { fatal: true }));
  }

  /**
   * Some libraries keep connections alive with WebSocket pings. They count like our `ping`; those over the limit get
   * no pong.
   */
  onPing(answer: () => void): void {
    if (this.#state === 'closing') return;
    const retryAfterMs = this.rates.take('pings', this.intake.heard());
    if (retryAfterMs === 0) return answer();
    refuse(this, new ProtocolError('RATE_LIMITED', { scope: 'pings', retry_after_ms: retryAfterMs }));
  }

  onClosed(): void {
    this.mailbox.stop();
    this.context.bandwidth.leave(this);
    this.intake.drop();
    if (this.#state !== 'closing') this.enter('closing');
    this.context.hub.remove(this);
    this.context.metrics.closed(this.kind);
    if (this.standing.status !== undefined) this.context.reporter.gone(this);
    if (this.standing.watching) this.context.watchers.leave(this);
    if (this.session) void unregister(this, this.session);
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

  // --- the end ---

  /** Announces the close, with this client's own time to reconnect. */
  goAway(reason: CloseReason, reconnectAfterMs: number): void {
    const told = { code: closeCodes[reason], reason: closeTexts[reason] };
    this.send('goaway', { type: 'goaway', ...told, reconnect_after_ms: reconnectAfterMs });
  }

  close(reason: CloseReason): void {
    if (this.#state === 'closing') return;
    this.context.metrics.ended(reason);
    this.#outbox.flush();
    this.enter('closing');
    this.intake.drop();
    this.mailbox.stop();
    this.#transport.resume();
    this.#transport.close(reason);
  }

  /** Ends at once, without a close frame. */
  cut(): void {
    this.#transport.destroy();
  }

  // --- driven from outside ---

  /** There is bandwidth again and it is this connection's turn to read and to send a page. */
  hasTurn(): void {
    this.intake.readOn();
    this.mailbox.continue();
  }

  /** Once a second: deadlines, stuck sockets, due pages. */
  sweep(nowMs: number): void {
    const { intake } = this;
    const { handshakeMs, stuckMs } = this.context.timeouts;
    const { afterMs, reason } = timeoutOf(this.#state, handshakeMs);
    const since = this.#state === 'ready' ? Math.max(intake.lastHeard, this.#stateSince) : this.#stateSince;
    if (this.#state === 'closing' && nowMs - since > afterMs) return this.#transport.destroy();
    if (this.#state === 'closing') return;
    if (reason !== 'gone' && nowMs - since > afterMs && !intake.isPaused) return this.close(reason);
    if (intake.isFrameLate(nowMs)) return this.close('protocol_violation');
    if (this.#outbox.isStuck(nowMs, stuckMs)) return this.close('slow_consumer');
    intake.sweep(nowMs);
    this.mailbox.continue();
  }
}
