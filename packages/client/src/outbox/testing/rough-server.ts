import { type Downstream, type ErrorDetail, type ErrorName, errorMessage } from '@securechat/protocol';
import type { Clock } from '../../clock.ts';

/** What a test's sealer puts into a frame. */
export type Frame = {
  id: string;
  kind: 'chat' | 'operation';
  clientSeq: number;
  epoch: number;
  /** Position in its epoch of the key it is sealed with. */
  position: number;
  /** An operation that makes new keys. */
  isCommit?: boolean;
};

export type LogEntry = { id: string; epochAfter: number };

export const CONVERSATION = 'c_0123456789abcdef';

/** Answers like delivery, for one device in one conversation, but misbehaves while `faults` last. */
export class RoughServer {
  readonly chats: Frame[] = [];
  readonly log: LogEntry[] = [];
  /** Ids that are always refused. */
  readonly doomed = new Set<string>();
  epoch = 0;
  isCommitDue = false;
  faults = 0;
  readonly #known = new Map<string, string>();
  readonly #random: () => number;

  constructor(random: () => number) {
    this.#random = random;
  }

  /** Somebody else makes new keys. */
  commit(id: string): void {
    this.epoch++;
    this.isCommitDue = false;
    this.log.push({ id, epochAfter: this.epoch });
  }

  answer(text: string): Downstream<'ack' | 'error'> {
    const frame = JSON.parse(text) as Frame;
    const known = this.#known.get(frame.id);
    if (known !== undefined) return known === text ? this.#ack(frame, true) : refuse(frame, 'ID_REUSED');
    if (this.chance(0.05)) return refuse(frame, 'RATE_LIMITED', { retry_after_ms: 700 });
    if (this.chance(0.05)) return refuse(frame, 'SERVER_UNAVAILABLE');
    if (this.doomed.has(frame.id)) return refuse(frame, 'EXPIRED');
    const { epoch } = this;
    if (frame.epoch !== epoch) return refuse(frame, 'STALE_EPOCH', { epoch });
    if (this.isCommitDue && !frame.isCommit) {
      return refuse(frame, 'COMMIT_REQUIRED', { generation: 0, epoch, removed_devices: [] });
    }
    const expected = this.chats.length + 1;
    if (frame.kind === 'chat' && frame.clientSeq !== expected) return refuse(frame, 'SEQ_GAP', { expected });
    this.#known.set(frame.id, text);
    if (frame.kind === 'chat') this.chats.push(frame);
    else if (frame.isCommit) this.commit(frame.id);
    else this.log.push({ id: frame.id, epochAfter: epoch });
    return this.#ack(frame, false);
  }

  /** A fault with this probability. */
  chance(probability: number): boolean {
    if (this.faults <= 0 || this.#random() >= probability) return false;
    this.faults--;
    return true;
  }

  #ack({ id }: Frame, isRepeated: boolean): Downstream<'ack'> {
    const place = { conv_seq: this.chats.length + this.log.length, server_ts_ms: 1 };
    const dup = isRepeated ? { dup: true as const } : {};
    return { type: 'ack', ref: id, status: 'stored', conversation_id: CONVERSATION, ...place, ...dup };
  }
}

function refuse({ id }: Frame, error: ErrorName, detail: ErrorDetail = {}): Downstream<'error'> {
  return errorMessage(error, { ...detail, reference_id: id });
}

/** An ordered connection that may lose or repeat messages. What is in flight when it breaks may still arrive. */
export class RoughConnection {
  readonly #server: RoughServer;
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #receive: (message: Downstream) => void;
  isOpen = true;
  #arrivesMs = 0;
  #answersMs = 0;

  constructor(
    server: RoughServer,
    clock: Clock,
    random: () => number,
    receive: (message: Downstream) => void,
  ) {
    this.#server = server;
    this.#clock = clock;
    this.#random = random;
    this.#receive = receive;
  }

  send(text: string): void {
    const isLost = this.#server.chance(0.08);
    const copies = isLost ? 0 : this.#server.chance(0.05) ? 2 : 1;
    for (let copy = 0; copy < copies; copy++) {
      this.#arrivesMs = this.#later(this.#arrivesMs);
      this.#clock.after(this.#arrivesMs - this.#clock.monotonicMs(), () => this.#arrive(text));
    }
  }

  #arrive(text: string): void {
    // a broken connection loses what is in flight, unless the gateway already had it
    if (!this.isOpen && this.#random() < 0.5) return;
    const answer = this.#server.answer(text);
    const copies = this.#server.chance(0.08) ? 0 : this.#server.chance(0.03) ? 2 : 1;
    for (let copy = 0; copy < copies; copy++) {
      this.#answersMs = this.#later(this.#answersMs);
      this.#clock.after(this.#answersMs - this.#clock.monotonicMs(), () => {
        if (this.isOpen) this.#receive(answer);
      });
    }
  }

  /** In order, and mostly fast. */
  #later(lastMs: number): number {
    const delayMs = this.#server.chance(0.05) ? 8_000 * this.#random() : 40 * this.#random();
    return Math.max(lastMs, this.#clock.monotonicMs() + delayMs);
  }
}
