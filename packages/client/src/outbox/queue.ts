import type { Downstream } from '@securechat/protocol';
import type { Entry, Form } from './entry.ts';
import { isLater, isSamePlace } from './key-place.ts';

export type Step = { do: 'seal'; entry: Entry; clientSeq: number } | { do: 'send'; entry: Entry };

/** Sent but unanswered, per conversation; the gateway stops reading a socket at 64. */
const WINDOW = 32;

/**
 * The items of one conversation in sending order, and how answers change it. No clock, no store.
 *
 * Chats are numbered by position. A form is repeated unchanged until the server's answer to that very id allows another. When one
 * is made anew, so are all chats after it, because receivers open a sender's messages in sealing order; each of them waits until
 * the same answer has arrived for it.
 */
export class LaneQueue {
  readonly entries: Entry[] = [];
  /** The last `client_seq` that the server is known to have. */
  lastStored = 0;
  /** The number we went back to: everything in flight gets the same answer, which is acted on once. */
  #wentBackTo: number | undefined;

  /** Sealed items first, in sealing order; then urgent ones, operations before chats; then the rest. */
  add(entry: Entry): void {
    const behind = this.entries.findIndex((other) => compare(entry, other) < 0);
    this.entries.splice(behind < 0 ? this.entries.length : behind, 0, entry);
  }

  find(id: string): Entry | undefined {
    return this.entries.find(({ item }) => item.id === id);
  }

  /** Removes a finished item; the one behind it may be what the server is waiting for. */
  remove(entry: Entry): void {
    const index = this.entries.indexOf(entry);
    if (index >= 0) this.entries.splice(index, 1);
    for (const each of this.entries) each.isGapped = false;
  }

  /** The next step, or undefined when only an answer, a wake or time can help. */
  next(options: { maySeal: boolean }): Step | undefined {
    const underWay = this.entries.filter(({ sentAtMs }) => sentAtMs !== undefined);
    if (underWay.some(isOperation)) return undefined;
    // a due commit goes before what has to be resealed after it
    const urgent = this.entries.find((entry) => isOperation(entry) && entry.isFirst);
    let number = this.lastStored + 1;
    let isAlone = true;
    for (const [index, entry] of this.entries.entries()) {
      const isReady = entry.form !== undefined && !entry.mustReseal;
      if (!isReady && urgent && entry !== urgent) continue;
      if (isOperation(entry)) {
        if (!isAlone) return undefined;
        if (isReady) return { do: 'send', entry };
        return options.maySeal ? { do: 'seal', entry, clientSeq: 0 } : undefined;
      }
      if (!isReady) {
        const mayGo = options.maySeal && underWay.length < WINDOW;
        return mayGo ? { do: 'seal', entry, clientSeq: Math.max(number, askedOf(entry)) } : undefined;
      }
      number = Math.max(number, (entry.form?.clientSeq ?? 0) + 1);
      const isWaiting = entry.isGapped && index > 0;
      if (!isWaiting || !urgent) isAlone = false;
      if (isWaiting || entry.sentAtMs !== undefined) continue;
      return underWay.length < WINDOW ? { do: 'send', entry } : undefined;
    }
    return undefined;
  }

  /** The keys of the chats in flight, which the chats after them must share. */
  placeUnderWay(entry: Entry): Form | undefined {
    const ahead = this.entries.slice(0, this.entries.indexOf(entry));
    return ahead.findLast((each) => !isOperation(each) && !each.mustReseal)?.form;
  }

  /** A new form has been written. */
  sealed(entry: Entry, form: Form): void {
    if (entry.form) entry.openEarlier += entry.openAnswers;
    Object.assign(entry, { form, mustReseal: false, isKnownSent: false, isGapped: false, openAnswers: 0 });
  }

  sent(entry: Entry, nowMs: number): void {
    // from now on these bytes may be stored at the server
    entry.because = undefined;
    entry.sentAtMs = nowMs;
    entry.isKnownSent = true;
    entry.openAnswers++;
  }

  /** The connection is gone: everything unanswered is sent again on the next one. */
  disconnected(): void {
    this.#wentBackTo = undefined;
    for (const entry of this.entries) {
      Object.assign(entry, { sentAtMs: undefined, isGapped: false, openAnswers: 0, openEarlier: 0 });
    }
  }

  /** Without an answer since then, it counts as lost. */
  timedOut(beforeMs: number): void {
    for (const entry of this.entries) {
      if (entry.sentAtMs !== undefined && entry.sentAtMs <= beforeMs) entry.sentAtMs = undefined;
    }
  }

  oldestSentAtMs(): number | undefined {
    const times = this.entries.flatMap(({ sentAtMs }) => sentAtMs ?? []);
    return times.length === 0 ? undefined : Math.min(...times);
  }

  /** To be repeated unchanged, later. */
  postponed(entry: Entry): void {
    this.#answered(entry);
    entry.refusals++;
  }

  /** Whether another form may be made. False when the answer concerns an earlier form, or was already acted on. */
  mayReseal(entry: Entry, error: Downstream<'error'>): boolean {
    const { form } = entry;
    if (!form || entry.openAnswers === 0 || this.#isAboutEarlierForm(entry, form, error)) return false;
    this.#answered(entry);
    entry.because = error;
    entry.refusals++;
    if (error.error_code === 'SEQ_GAP') this.#goBackTo(entry, error.expected ?? form.clientSeq);
    else entry.mustReseal = true;
    return true;
  }

  /** After a restore from a backup the server may lack what it had acknowledged. */
  forgetStored(): void {
    this.lastStored = 0;
  }

  #answered(entry: Entry): void {
    entry.sentAtMs = undefined;
    entry.openAnswers = Math.max(0, entry.openAnswers - 1);
  }

  /**
   * What was sent twice is refused twice, and the first refusal already changed the form. For a chat this is exact: keys only move
   * forward, and the server asks nobody for a number already in use. For an operation it follows from the number of outstanding answers.
   */
  #isAboutEarlierForm(entry: Entry, form: Form, error: Downstream<'error'>): boolean {
    const named = { generation: error.generation ?? 0, epoch: error.epoch ?? form.epoch };
    if (error.error_code === 'SEQ_GAP') return error.expected === form.clientSeq;
    if (error.error_code === 'STALE_EPOCH') return !isLater(named, form);
    if (!isSamePlace(named, form)) return true;
    if (!isOperation(entry) || entry.openEarlier === 0) return false;
    entry.openEarlier--;
    return true;
  }

  /**
   * The server is waiting for `expected`. If we still have that message, its transmission was lost, and all after it were in vain. If
   * not, it was refused and used no number, and those after it move up, each once it has been told so itself.
   */
  #goBackTo(told: Entry, expected: number): void {
    this.#renumber();
    if (this.#wentBackTo === expected) {
      told.isGapped = true;
      return;
    }
    this.#wentBackTo = expected;
    for (const entry of this.entries) {
      if (!isOperation(entry)) Object.assign(entry, { sentAtMs: undefined, isGapped: false });
    }
  }

  #renumber(): void {
    let number = this.lastStored + 1;
    for (const entry of this.entries) {
      if (isOperation(entry) || !entry.form) continue;
      const asked = askedOf(entry);
      const wanted = Math.max(number, asked);
      // an answer may be repeated after these very bytes took the number: only the same form again can tell
      const mayBeStored = entry.form.clientSeq <= this.lastStored && asked === 0;
      if (entry.because && !mayBeStored && entry.form.clientSeq !== wanted) entry.mustReseal = true;
      // its ack was lost: a later one shows that it is stored
      number = Math.max(number, (entry.mustReseal ? wanted : entry.form.clientSeq) + 1);
    }
  }
}

/** The number the server asked for, if it was ahead of us: then nothing can be stored under the present one. */
function askedOf({ because, form }: Entry): number {
  const expected = because?.expected ?? 0;
  return form && expected > form.clientSeq ? expected : 0;
}

export const isOperation = ({ item }: Entry): boolean => item.kind === 'operation';

function compare(a: Entry, b: Entry): number {
  return rank(a) - rank(b) || a.sealedAs - b.sealedAs || a.order - b.order;
}

function rank(entry: Entry): number {
  if (entry.form) return 0;
  if (entry.isFirst) return isOperation(entry) ? 1 : 2;
  return 3;
}
