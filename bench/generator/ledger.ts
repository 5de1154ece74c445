import { FramesOfRoute } from './frames-of-route.ts';
import type { Counts } from './job.ts';

/** `m_<route>_<place in the route>` with fixed-width digits, so that a message can be identified by position. */
const ROUTE_DIGITS = 4;
const SEQ_DIGITS = 7;

/** Makes the message at a place of a route, with the id made by `messageId`. */
export type MakeFrame = (route: number, seq: number) => Uint8Array;

export function messageId(route: number, seq: number): string {
  return `m_${padded(route, ROUTE_DIGITS)}_${padded(seq, SEQ_DIGITS)}`;
}

/** Overwrites the id at `at`. */
export function writeMessageId(bytes: Buffer, at: number, route: number, seq: number): void {
  bytes.write(messageId(route, seq), at, 'latin1');
}

/** A message is identified by its number; numbers of a route are consecutive. */
export type Progress = 'repeated' | 'noted' | 'complete';

export type LedgerPlan = {
  routes: number;
  /** Maximum number of messages per route. */
  most: number;
  frame: MakeFrame;
  /** Recipients per message. Default 1. */
  copies?: number;
};

/**
 * All messages of a run: made ahead, because signing costs more than sending; and what became of each. A message is complete when it was
 * acked to its sender and received by all recipients.
 */
export class Ledger {
  /** Time of sending by message number, in the milliseconds of `performance.now()`. */
  readonly sentAtMs: Float64Array;
  readonly #makeFrame: MakeFrame;
  readonly #copies: number;
  readonly #isAcked: Uint8Array;
  readonly #arrived: Uint8Array;
  readonly #perRoute: number;
  #frames: FramesOfRoute[] = [];
  /** Messages taken so far, by route; also the last place. */
  readonly #taken: Int32Array;
  madeLate = 0;
  sent = 0;
  acked = 0;
  /** Copies. */
  delivered = 0;
  completed = 0;
  doubled = 0;

  constructor({ routes, most, frame, copies = 1 }: LedgerPlan) {
    if (copies > 255) throw new RangeError('copies are counted in a byte');
    this.#makeFrame = frame;
    this.#copies = copies;
    this.#perRoute = most + 1;
    this.sentAtMs = new Float64Array(routes * this.#perRoute);
    this.#isAcked = new Uint8Array(routes * this.#perRoute);
    this.#arrived = new Uint8Array(routes * this.#perRoute);
    this.#taken = new Int32Array(routes);
  }

  /** Makes the first `count` messages of each route. */
  makeAhead(count: number): void {
    this.#frames = Array.from(
      this.#taken,
      (_, route) =>
        new FramesOfRoute(Array.from({ length: count }, (_, index) => this.#makeFrame(route, index + 1))),
    );
  }

  /** The next frame of a route, which counts as sent from then on. */
  take(route: number): Uint8Array {
    const seq = (this.#taken[route] ?? 0) + 1;
    if (seq >= this.#perRoute) throw new Error('the run sends more messages than it made room for');
    this.#taken[route] = seq;
    this.sent++;
    const ready = this.#frames[route]?.at(seq - 1);
    if (!ready) this.madeLate++;
    const frame = ready ?? this.#makeFrame(route, seq);
    this.sentAtMs[route * this.#perRoute + seq] = performance.now();
    return frame;
  }

  taken(route: number): number {
    return this.#taken[route] ?? 0;
  }

  routeOf(message: number): number {
    return Math.floor(message / this.#perRoute);
  }

  noteAck(message: number): Progress {
    const isAcked = this.#isAcked[message];
    if (isAcked === undefined) throw new Error(`there is no message ${message}`);
    if (isAcked) return 'repeated';
    this.#isAcked[message] = 1;
    this.acked++;
    return this.#progress(message);
  }

  noteDelivery(message: number): Progress {
    const arrived = this.#arrived[message];
    if (arrived === undefined) throw new Error(`there is no message ${message}`);
    if (arrived === this.#copies) {
      this.doubled++;
      return 'repeated';
    }
    this.#arrived[message] = arrived + 1;
    this.delivered++;
    return this.#progress(message);
  }

  /** Number of the message whose id is at `at`. */
  numberAt(bytes: Uint8Array, at: number): number {
    const route = digitsAt(bytes, at + 2, ROUTE_DIGITS);
    return route * this.#perRoute + digitsAt(bytes, at + 3 + ROUTE_DIGITS, SEQ_DIGITS);
  }

  numberOf(id: string): number {
    return this.numberAt(Buffer.from(id, 'latin1'), 0);
  }

  counts(disordered: number, errors: number): Counts {
    let lost = 0;
    let unanswered = 0;
    this.#taken.forEach((taken, route) => {
      for (let seq = 1; seq <= taken; seq++) {
        const message = route * this.#perRoute + seq;
        if (!this.#isAcked[message]) unanswered++;
        else lost += this.#copies - (this.#arrived[message] ?? 0);
      }
    });
    const { sent, acked, delivered, doubled } = this;
    return { sent, acked, delivered, lost, doubled, unanswered, disordered, errors };
  }

  /** Only to be called when something was new. */
  #progress(message: number): Progress {
    if (!this.#isAcked[message] || this.#arrived[message] !== this.#copies) return 'noted';
    this.completed++;
    return 'complete';
  }
}

function padded(value: number, digits: number): string {
  return String(value).padStart(digits, '0');
}

function digitsAt(bytes: Uint8Array, at: number, count: number): number {
  let value = 0;
  for (let index = at; index < at + count; index++) value = value * 10 + (bytes[index] ?? 0) - 0x30;
  return value;
}
