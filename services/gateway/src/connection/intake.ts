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

/** Frames that wait behind one that is being dealt with; with more, the socket is not read. */
const MAX_WAITING_FRAMES = 64;
/** Messages on their way to delivery without an answer; with more, the socket is not read. */
const MAX_IN_FLIGHT = 64;
/** An answer may get lost with Redis; then the client sends again and counts anew. */
const IN_FLIGHT_FORGOTTEN_AFTER_MS = 5_000;

/**
 * What one client sends: bytes in, frames to `receive`, one after the other. Its socket is not read while it has sent more than
 * is being dealt with, must wait for a limit, or there is no bandwidth.
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

  /** Something it sent is being dealt with, here or by another service. */
  get isOwedAnswers(): boolean {
    return this.#inFlight > 0 || this.#isBusy || this.#waiting.length > 0;
  }

  /** A frame has begun, and its rest does not come though it is waited for. */
  isFrameLate(nowMs: number): boolean {
    if (this.#frameBegan === undefined || this.#isPaused) return false;
    return nowMs - this.#frameBegan > this.#connection.context.timeouts.frameMs;
  }

  /** Anything counts as life. */
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

  /** Frames are dealt with one after the other, even when one of them has to wait for something. */
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

  /** What waits is not dealt with any more. */
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

  /** For its offences. */
  pauseFor(ms: number): void {
    this.#pausedUntil = this.#now() + ms;
    this.#regulate();
  }

  /** A login is short, and is never held up. */
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
    // What it said meanwhile was not read: it has its time anew, and so has a frame whose rest is to come.
    this.heard();
    if (this.#frameBegan !== undefined) this.#frameBegan = this.#lastHeard;
    this.#transport.resume();
  }

  /** Once a second: answers that were lost, and pauses that are over. */
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
