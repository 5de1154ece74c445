import {
  type Frame,
  FrameReader,
  limitBeforeLogin,
  ProtocolError,
  upstreamLimit,
} from '@securechat/protocol';
import type { Transport } from '../transport/transport.ts';
import type { Connection } from './connection.ts';
import { receive } from './receive.ts';
import { refuse } from './refuse.ts';

/** Frames queued behind one in progress; above this, the socket is not read. */
const MAX_WAITING_FRAMES = 64;
/** Messages in flight to delivery; above this, the socket is not read. */
const MAX_IN_FLIGHT = 64;
/** An answer may be lost with Redis; the client then resends, and the count restarts. */
const IN_FLIGHT_FORGOTTEN_AFTER_MS = 5_000;

/**
 * One client's input: bytes in, frames to `receive`, one at a time. Its socket is not read while too much is pending,
 * a limit makes it wait, or there is no bandwidth.
 */
export class Intake {
  readonly #connection: Connection;
  readonly #transport: Transport;
  readonly #reader: FrameReader;
  #lastHeard: number;
  #frameBegan: number | undefined;
  #waiting: Frame[] = [];
  #isBusy = false;
  #isPaused = false;
  #pausedUntil = 0;
  #waitsForBandwidth = false;
  #inFlight = 0;
  #lastAnswered = 0;

  constructor(connection: Connection, transport: Transport) {
    this.#connection = connection;
    this.#transport = transport;
    this.#reader = new FrameReader((type) =>
      connection.state === 'ready' ? upstreamLimit(type) : limitBeforeLogin(type),
    );
    this.#lastHeard = this.#now();
  }

  #now(): number {
    return this.#connection.context.clock.monotonicMs();
  }

  get lastHeard(): number {
    return this.#lastHeard;
  }

  get isPaused(): boolean {
    return this.#isPaused;
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  /** Something it sent is still being handled, here or by another service. */
  get isOwedAnswers(): boolean {
    return this.#inFlight > 0 || this.#isBusy || this.#waiting.length > 0;
  }

  /** A frame has begun, and its rest is overdue although the socket is being read. */
  isFrameLate(nowMs: number): boolean {
    if (this.#frameBegan === undefined || this.#isPaused) return false;
    return nowMs - this.#frameBegan > this.#connection.context.timeouts.frameMs;
  }

  /** Any data counts as a sign of life. */
  heard(): number {
    this.#lastHeard = this.#now();
    return this.#lastHeard;
  }

  // --- frames ---

  read(chunk: Uint8Array): void {
    this.heard();
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
      refuse(this.#connection, error);
    }
  }

  /** Frames are handled one at a time, even when one of them has to wait. */
  #take(frame: Frame): void {
    if (this.#isBusy) {
      this.#waiting.push(frame);
      this.#regulate();
    } else this.#handle(frame);
  }

  #handle(frame: Frame): void {
    try {
      const pending = receive(this.#connection, frame);
      if (pending !== undefined) void this.#wait(pending);
    } catch (error) {
      refuse(this.#connection, error);
    }
  }

  async #wait(pending: Promise<void>): Promise<void> {
    this.#isBusy = true;
    try {
      await pending;
    } catch (error) {
      refuse(this.#connection, error);
    }
    this.#isBusy = false;
    while (!this.#isBusy && this.#waiting.length > 0 && this.#connection.state !== 'closing') {
      const next = this.#waiting.shift();
      if (next) this.#handle(next);
    }
    this.#regulate();
  }

  /** Queued frames are discarded. */
  drop(): void {
    this.#waiting = [];
  }

  // --- flow ---

  messageLeft(): void {
    if (this.#inFlight++ === 0) this.#lastAnswered = this.#now();
    this.#regulate();
  }

  messageAnswered(): void {
    this.#lastAnswered = this.#now();
    if (this.#inFlight > 0) this.#inFlight--;
    this.#regulate();
  }

  /** As a penalty. */
  pauseFor(ms: number): void {
    this.#pausedUntil = this.#now() + ms;
    this.#regulate();
  }

  /** A login is short and never held up. */
  #readOnIfRoom(): void {
    const connection = this.#connection;
    if (connection.state !== 'ready' || connection.context.bandwidth.mayTake(connection)) return;
    this.#waitsForBandwidth = true;
    this.#regulate();
  }

  /** There is bandwidth again. */
  readOn(): void {
    this.#waitsForBandwidth = false;
    this.#regulate();
  }

  #regulate(): void {
    const shouldPause =
      this.#waiting.length >= MAX_WAITING_FRAMES ||
      this.#inFlight >= MAX_IN_FLIGHT ||
      this.#waitsForBandwidth ||
      this.#pausedUntil > this.#now();
    if (shouldPause === this.#isPaused || this.#connection.state === 'closing') return;
    this.#isPaused = shouldPause;
    if (shouldPause) return this.#transport.pause();
    // While paused nothing was read: the idle timeout restarts, and so does that of a partial frame.
    this.heard();
    if (this.#frameBegan !== undefined) this.#frameBegan = this.#lastHeard;
    this.#transport.resume();
  }

  /** Once a second: lost answers, and pauses that are over. */
  sweep(nowMs: number): void {
    if (this.#inFlight > 0 && nowMs - this.#lastAnswered > IN_FLIGHT_FORGOTTEN_AFTER_MS) this.#inFlight = 0;
    this.#regulate();
  }
}

const INCOMPLETE = new ProtocolError(
  'INVALID_MESSAGE_FORMAT',
  { path: 'websocket message' },
  { fatal: true },
);
