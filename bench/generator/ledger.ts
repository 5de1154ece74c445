import { randomBytes } from 'node:crypto';
import { encodeUpstream, transcript, type Upstream } from '@securechat/protocol';
import { makeGroupCreate, newConversationId, nowSeconds, type Person } from '@securechat/testkit';
import type { Counts } from './job.ts';

/** 384 bytes of ciphertext are 512 characters of base64, and the whole frame about 880 bytes. */
const CIPHERTEXT_BYTES = 384;

const ACKED = 1;
const DELIVERED = 2;
const COMPLETE = ACKED | DELIVERED;

/** `m_<route>_<client_seq>`, in digits of fixed width, so that a frame tells its message by position. */
const ROUTE_DIGITS = 4;
const SEQ_DIGITS = 7;

/** One device's messages into one conversation. */
export type Route = { from: Person; to: Person; conversationId: string };

export function routeBetween(from: Person, to: Person, conversationId = newConversationId()): Route {
  return { from, to, conversationId };
}

/** What begins the conversation of a route; its sender's session sends it. */
export function beginningOf({ from, to, conversationId }: Route): Upstream<'group_create'> {
  return makeGroupCreate({ creator: from, device: from.device(0), peer: to, conversationId });
}

/** A message is known by its number; numbers of one route follow each other. */
export type Progress = 'repeated' | 'noted' | 'complete';

/**
 * All messages of a run: signed ahead, because signing costs more than sending, and then what became of each. A
 * message is complete when it was both acked to its sender and received by its recipient.
 */
export class Ledger {
  readonly routes: readonly Route[];
  /** Wall time of sending by message number, in the milliseconds of `performance.now()`. */
  readonly sentAtMs: Float64Array;
  readonly #states: Uint8Array;
  readonly #perRoute: number;
  readonly #payloads: string[];
  readonly #frames: Uint8Array[][];
  /** Messages taken so far, by route; also the last `client_seq`. */
  readonly #taken: Int32Array;
  signedLate = 0;
  sent = 0;
  acked = 0;
  delivered = 0;
  completed = 0;
  doubled = 0;

  /** `most` messages of each route can be sent. */
  constructor(routes: readonly Route[], most: number) {
    this.routes = routes;
    this.#perRoute = most + 1;
    this.sentAtMs = new Float64Array(routes.length * this.#perRoute);
    this.#states = new Uint8Array(routes.length * this.#perRoute);
    this.#payloads = routes.map(() => randomBytes(CIPHERTEXT_BYTES).toString('base64'));
    this.#frames = routes.map(() => []);
    this.#taken = new Int32Array(routes.length);
  }

  /** Signs the first `count` messages of each route. */
  signAhead(count: number): void {
    this.#frames.forEach((frames, route) => {
      for (let seq = frames.length + 1; seq <= count; seq++) frames.push(this.#frame(route, seq));
    });
  }

  /** The next frame of a route, which counts as sent from here on. */
  take(route: number): Uint8Array {
    const seq = (this.#taken[route] ?? 0) + 1;
    if (seq >= this.#perRoute) throw new Error('the run sends more messages than it made room for');
    this.#taken[route] = seq;
    this.sent++;
    const ready = this.#frames[route]?.[seq - 1];
    if (!ready) this.signedLate++;
    const frame = ready ?? this.#frame(route, seq);
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
    const progress = this.#note(message, ACKED);
    if (progress !== 'repeated') this.acked++;
    return progress;
  }

  noteDelivery(message: number): Progress {
    const progress = this.#note(message, DELIVERED);
    if (progress === 'repeated') this.doubled++;
    else this.delivered++;
    return progress;
  }

  /** Number of the message whose id stands at `at`. */
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
        const state = this.#states[route * this.#perRoute + seq] ?? 0;
        if (!(state & ACKED)) unanswered++;
        else if (!(state & DELIVERED)) lost++;
      }
    });
    const { sent, acked, delivered, doubled } = this;
    return { sent, acked, delivered, lost, doubled, unanswered, disordered, errors };
  }

  #note(message: number, what: number): Progress {
    const state = this.#states[message];
    if (state === undefined) throw new Error(`there is no message ${message}`);
    if (state & what) return 'repeated';
    this.#states[message] = state | what;
    if ((state | what) !== COMPLETE) return 'noted';
    this.completed++;
    return 'complete';
  }

  #frame(routeNumber: number, seq: number): Uint8Array {
    const route = this.routes[routeNumber] as Route;
    const device = route.from.device(0);
    const place = `${padded(routeNumber, ROUTE_DIGITS)}_${padded(seq, SEQ_DIGITS)}`;
    const fields: Omit<Upstream<'chat'>, 'signature'> = {
      type: 'chat',
      id: `m_${place}`,
      from: route.from.id,
      to: route.to.id,
      device_id: device.id,
      conversation_id: route.conversationId,
      epoch: 0,
      client_seq: seq,
      timestamp: nowSeconds(),
      encrypted: true,
      nonce: Buffer.from(place.padEnd(16, '-')).toString('base64'),
      payload: this.#payloads[routeNumber] as string,
    };
    const signature = device.key.sign(transcript('envelope', fields)).toString('base64');
    return encodeUpstream('chat', { ...fields, signature });
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
