import type { Downstream } from '@securechat/protocol';
import type { Entry, Form } from './entry.ts';
import { isLater, isSamePlace } from './key-place.ts';

export type Step = { do: 'seal'; entry: Entry; clientSeq: number } | { do: 'send'; entry: Entry };

/** Sent and not answered, per conversation; the gateway stops reading a socket at 64. */
const WINDOW = 32;

/**
 * The items of one conversation in the order in which they go out, and what the answers do to that order. No clock, no store.
 *
 * Chats are numbered by their position. A form is repeated as it is until the server's answer to that very id allows
 * another; and when one is made anew, all chats behind it are as well, because receivers open the messages of a sender in the
 * order in which they were sealed: what is behind waits until the same answer has come for it.
 */
export class LaneQueue {
  readonly entries: Entry[] = [];
  /** The last `client_seq` that the server is known to have. */
  lastStored = 0;
  /** The number that we went back to: everything under way gets that answer, and it is acted upon once. */
  #wentBackTo: number | undefined;

  /** What was sealed stands in front, as it was sealed; then what shall come first, operations before chats; then the rest. */
  add(entry: Entry): void {
    const behind = this.entries.findIndex((other) => compare(entry, other) < 0);
    this.entries.splice(behind < 0 ? this.entries.length : behind, 0, entry);
  }

  find(id: string): Entry | undefined {
    return this.entries.find(({ item }) => item.id === id);
  }

  /** It is over; what stood behind it may be what the server waits for now. */
  remove(entry: Entry): void {
    const index = this.entries.indexOf(entry);
    if (index >= 0) this.entries.splice(index, 1);
    for (const each of this.entries) each.isGapped = false;
  }

  /** What is to be done next, or undefined when only an answer, a wake or time can help. */
  next(options: { maySeal: boolean }): Step | undefined {
    const underWay = this.entries.filter(({ sentAtMs }) => sentAtMs !== undefined);
    if (underWay.some(isOperation)) return undefined;
    // a commit that is due goes ahead of what has to be made anew behind it
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

  /** Keys of the chats that are on their way: what follows them has to be of the same. */
  placeUnderWay(entry: Entry): Form | undefined {
    const ahead = this.entries.slice(0, this.entries.indexOf(entry));
    return ahead.findLast((each) => !isOperation(each) && !each.mustReseal)?.form;
  }

  /** A new form is written. */
  sealed(entry: Entry, form: Form): void {
    if (entry.form) entry.openEarlier += entry.openAnswers;
    Object.assign(entry, { form, mustReseal: false, isKnownSent: false, isGapped: false, openAnswers: 0 });
  }

  sent(entry: Entry, nowMs: number): void {
    // these bytes may be stored now
    entry.because = undefined;
    entry.sentAtMs = nowMs;
    entry.isKnownSent = true;
    entry.openAnswers++;
  }

  /** No connection any more: everything without an answer goes out again with the next one. */
  disconnected(): void {
    this.#wentBackTo = undefined;
    for (const entry of this.entries) {
      Object.assign(entry, { sentAtMs: undefined, isGapped: false, openAnswers: 0, openEarlier: 0 });
    }
  }

  /** No answer since then: lost. */
  timedOut(beforeMs: number): void {
    for (const entry of this.entries) {
      if (entry.sentAtMs !== undefined && entry.sentAtMs <= beforeMs) entry.sentAtMs = undefined;
    }
  }

  oldestSentAtMs(): number | undefined {
    const times = this.entries.flatMap(({ sentAtMs }) => sentAtMs ?? []);
    return times.length === 0 ? undefined : Math.min(...times);
  }

  /** The same bytes, later. */
  postponed(entry: Entry): void {
    this.#answered(entry);
    entry.refusals++;
  }

  /** Another form is wanted. False when this is about an earlier one, or about one that has been dealt with. */
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

  /** After a restore from a backup the server may know less than it has acknowledged. */
  forgetStored(): void {
    this.lastStored = 0;
  }

  #answered(entry: Entry): void {
    entry.sentAtMs = undefined;
    entry.openAnswers = Math.max(0, entry.openAnswers - 1);
  }

  /**
   * What was sent twice is refused twice, and the first refusal has changed it already. Of a chat that can be told exactly: keys
   * only move on, and nobody is asked for the number that he has. Of an operation it is told by the number of answers to come.
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
   * The server waits for `expected`. If we still have that message, its transmission was lost and all behind it were in vain.
   * If not, it was refused and took no number, and those behind it move up, each when it was told so itself.
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
      // an answer may come twice, the second time when the number has been taken by these very bytes: only the same again can tell
      const mayBeStored = entry.form.clientSeq <= this.lastStored && asked === 0;
      if (entry.because && !mayBeStored && entry.form.clientSeq !== wanted) entry.mustReseal = true;
      // an ack that was lost: what follows shows that it is stored
      number = Math.max(number, (entry.mustReseal ? wanted : entry.form.clientSeq) + 1);
    }
  }
}

/** The number that the server asked for when it had more than we know of: then nothing can be stored under the one it has. */
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
