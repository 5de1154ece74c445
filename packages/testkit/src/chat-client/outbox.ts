import {
  ACK_TIMEOUT_MS,
  DEFAULT_RETRY_POLICY,
  type Downstream,
  type ErrorName,
  errors,
  retryDelayMs,
} from '@securechat/protocol';

/** One message of ours until it has a definitive answer. */
export type Outgoing = {
  readonly id: string;
  /** Absent for an operation that is outside the sender's sequence, as `group_create` is. */
  readonly seal: ((place: { clientSeq: number; epoch: number }) => Uint8Array) | undefined;
  clientSeq: number;
  epoch: number;
  /** What is sent, again and again, until the server's answer allows another sealing. */
  frame: Uint8Array;
  /** The server said of this id that other bytes are wanted. */
  mayReseal: boolean;
  isSent: boolean;
  transmissions: number;
  refusals: number;
  readonly settle: PromiseWithResolvers<Downstream<'ack'>>;
};

export type LaneEvents = {
  /** False while there is no connection. */
  transmit(frame: Uint8Array): boolean;
  /** It went out, and not for the first time. */
  repeated?(item: Outgoing): void;
  stored(item: Outgoing, ack: Downstream<'ack'>): void;
  refused(item: Outgoing, error: Downstream<'error'>): void;
};

/** The server refused a message for good. */
export class SendRefused extends Error {
  override readonly name = 'SendRefused';
  readonly answer: Downstream<'error'>;

  constructor(answer: Downstream<'error'>) {
    super(`refused: ${answer.error_code} (${answer.code}), ${answer.error_message}`);
    this.answer = answer;
  }
}

/** Sent and not answered, per conversation; the gateway stops reading a socket at 64. */
const WINDOW = 32;

/**
 * The outbox of one conversation, in order. Bytes stay the same until an answer to that very id (SEQ_GAP,
 * STALE_EPOCH) allows others. After such an answer, a missing one or a lost connection it goes back to the
 * oldest message in question and sends from there on, so the server sees each sender's messages in order.
 */
export class Lane {
  epoch = 0;
  readonly #queue: Outgoing[] = [];
  readonly #events: LaneEvents;
  readonly #ackTimeoutMs: number;
  #nextClientSeq = 1;
  #lastStored = 0;
  /** The last number that we went back to. */
  #wentBackTo: number | undefined;
  #holdTimer: NodeJS.Timeout | undefined;
  #ackTimer: NodeJS.Timeout | undefined;
  #flushPlanned = false;

  constructor(events: LaneEvents, options: { ackTimeoutMs?: number } = {}) {
    this.#events = events;
    this.#ackTimeoutMs = options.ackTimeoutMs ?? ACK_TIMEOUT_MS;
  }

  get waiting(): readonly Outgoing[] {
    return this.#queue;
  }

  /** A message that takes the next place of this sender; `seal` makes its frame for any place. */
  addSealed(id: string, seal: NonNullable<Outgoing['seal']>): Promise<Downstream<'ack'>> {
    const clientSeq = this.#nextClientSeq++;
    return this.#add({
      id,
      seal,
      clientSeq,
      epoch: this.epoch,
      frame: seal({ clientSeq, epoch: this.epoch }),
    });
  }

  /** A message of fixed bytes outside the sequence. */
  addFixed(id: string, frame: Uint8Array): Promise<Downstream<'ack'>> {
    return this.#add({ id, seal: undefined, clientSeq: 0, epoch: 0, frame });
  }

  #add(item: Pick<Outgoing, 'id' | 'seal' | 'clientSeq' | 'epoch' | 'frame'>): Promise<Downstream<'ack'>> {
    const settle = Promise.withResolvers<Downstream<'ack'>>();
    this.#queue.push({ ...item, mayReseal: false, isSent: false, transmissions: 0, refusals: 0, settle });
    this.#planFlush();
    return settle.promise;
  }

  /** A new connection: everything that has no answer goes out again. */
  reconnected(): void {
    this.#wentBackTo = undefined;
    for (const item of this.#queue) item.isSent = false;
    this.#planFlush();
  }

  /** True when the ack was for a message of this lane. */
  acknowledge(ack: Downstream<'ack'>): boolean {
    const item = this.#remove(ack.ref);
    if (!item) return false;
    this.#lastStored = Math.max(this.#lastStored, item.clientSeq);
    this.#events.stored(item, ack);
    item.settle.resolve(ack);
    this.#restartAckTimer();
    this.#planFlush();
    return true;
  }

  /** True when the error was about a message of this lane. */
  refuse(error: Downstream<'error'>): boolean {
    const item = this.#queue.find(({ id }) => id === error.reference_id);
    if (!item) return false;
    const retry = errors[error.error_code as ErrorName]?.retry ?? 'no';
    if (retry === 'later') this.#holdAfter(item, error.retry_after_ms);
    else if (retry === 'reseal' && item.seal) this.#resealAfter(item, error);
    else this.#giveUp(item, error);
    this.#planFlush();
    return true;
  }

  /** Forgets everything; nobody will ever know. Returns what was waiting. */
  abandon(reason: Error): Outgoing[] {
    clearTimeout(this.#holdTimer);
    clearTimeout(this.#ackTimer);
    const left = this.#queue.splice(0);
    for (const item of left) item.settle.reject(reason);
    return left;
  }

  #holdAfter(item: Outgoing, retryAfterMs: number | undefined): void {
    item.isSent = false;
    item.refusals += 1;
    const delayMs =
      retryAfterMs ??
      retryDelayMs(DEFAULT_RETRY_POLICY, item.refusals, Math.random()) ??
      DEFAULT_RETRY_POLICY.max_delay_ms;
    clearTimeout(this.#holdTimer);
    this.#holdTimer = setTimeout(() => {
      this.#holdTimer = undefined;
      this.#planFlush();
    }, delayMs);
  }

  #resealAfter(item: Outgoing, error: Downstream<'error'>): void {
    item.mayReseal = true;
    if (error.epoch !== undefined) {
      this.epoch = error.epoch;
      this.#reseal(item, item.clientSeq);
    }
    if (error.expected !== undefined) this.#goBackTo(Math.max(error.expected, this.#lastStored + 1));
  }

  /**
   * The server waits for `expected`. If we still have that message, its transmission was lost and all behind it
   * were in vain. If not, it was refused and took no number: those behind it move up, as far as they may be
   * sealed anew. All that was under way gives this same answer, so it is acted upon once; if the repetition is
   * lost as well, the timer notices.
   */
  #goBackTo(expected: number): void {
    let next = expected;
    for (const candidate of this.#queue.filter(({ seal }) => seal !== undefined)) {
      if (candidate.clientSeq !== next) {
        if (!candidate.mayReseal) break;
        this.#reseal(candidate, next);
      }
      next = candidate.clientSeq + 1;
    }
    this.#nextClientSeq = this.#lastQueued() + 1;
    if (this.#wentBackTo === expected) return;
    this.#wentBackTo = expected;
    for (const behind of this.#queue) behind.isSent = false;
  }

  /** A refused message takes no number, so the numbers go on from the last one that is still on its way. */
  #lastQueued(): number {
    return this.#queue.findLast(({ seal }) => seal !== undefined)?.clientSeq ?? this.#lastStored;
  }

  #reseal(item: Outgoing, clientSeq: number): void {
    if (!item.seal) return;
    item.clientSeq = clientSeq;
    item.epoch = this.epoch;
    item.frame = item.seal({ clientSeq, epoch: this.epoch });
    item.isSent = false;
  }

  #giveUp(item: Outgoing, error: Downstream<'error'>): void {
    this.#remove(item.id);
    this.#events.refused(item, error);
    item.settle.reject(new SendRefused(error));
    this.#nextClientSeq = this.#lastQueued() + 1;
  }

  #remove(id: string): Outgoing | undefined {
    const index = this.#queue.findIndex((item) => item.id === id);
    return index < 0 ? undefined : this.#queue.splice(index, 1)[0];
  }

  /** Several answers often come in one turn; what they ask for goes out once. */
  #planFlush(): void {
    if (this.#flushPlanned) return;
    this.#flushPlanned = true;
    setImmediate(() => {
      this.#flushPlanned = false;
      if (this.#holdTimer === undefined) this.#flush();
    });
  }

  #flush(): void {
    for (const item of this.#queue.slice(0, WINDOW)) {
      if (item.isSent) continue;
      if (!this.#events.transmit(item.frame)) return;
      item.isSent = true;
      if (++item.transmissions > 1) this.#events.repeated?.(item);
      if (this.#ackTimer === undefined) this.#restartAckTimer();
    }
  }

  /** Nothing was heard for a while after the last answer: what is under way counts as lost. */
  #restartAckTimer(): void {
    clearTimeout(this.#ackTimer);
    this.#ackTimer = undefined;
    if (this.#queue.length === 0) return;
    this.#ackTimer = setTimeout(() => {
      this.#ackTimer = undefined;
      this.reconnected();
    }, this.#ackTimeoutMs);
  }
}
