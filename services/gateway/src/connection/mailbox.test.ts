import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { FrameReader, SYNC_PAGE_ITEMS, UNACKED_WINDOW } from '@securechat/protocol';
import type { StoredType, SyncPageHead } from '@securechat/protocol/internal';
import fc from 'fast-check';
import { Mailbox, type PageQuestion } from './mailbox.ts';
import { pushFrame } from './mailbox-frames.ts';

const KIB = 1024;

beforeEach(() => {
  jest.useFakeTimers({ doNotFake: ['nextTick', 'queueMicrotask', 'setImmediate'] });
});
afterEach(() => {
  const timers = jest.getTimerCount();
  jest.useRealTimers();
  expect(timers).toBe(0);
});

type Question = {
  asked: PageQuestion;
  answer(page: { head: SyncPageHead; bodies: Uint8Array[] }): Promise<void>;
  lose(): Promise<void>;
};
type Sent =
  | { type: StoredType; seq: number; text: string }
  | { type: 'sync_page'; seqs: number[]; through: number; more: boolean };

/** A mailbox whose far ends, delivery and the socket, are played by the test. */
function createBench() {
  const questions: Question[] = [];
  const sent: Sent[] = [];
  let buffered = 0;
  const mailbox = new Mailbox({
    ask(asked) {
      const { promise, resolve, reject } = Promise.withResolvers<{
        head: SyncPageHead;
        bodies: Uint8Array[];
      }>();
      questions.push({
        asked,
        answer(page) {
          resolve(page);
          return settled();
        },
        lose() {
          reject(new Error('no answer in time'));
          return settled();
        },
      });
      return promise;
    },
    send: (type, frame) => sent.push(read(type, frame)),
    bufferedBytes: () => buffered,
    mayTake: () => true,
  });
  return {
    mailbox,
    questions,
    sent,
    setBuffered(bytes: number) {
      buffered = bytes;
    },
    /** The next unanswered question; there must be one. */
    question(): Question {
      const question = questions.shift();
      if (!question) throw new Error('nothing was asked');
      return question;
    },
    push(...seqs: number[]) {
      for (const seq of seqs) mailbox.push(seq, 'chat', () => frameOf(seq));
    },
    /** Answers the first page, which brings everything up to `through`. */
    async goLive(through = 0) {
      mailbox.resume(0, undefined, undefined);
      await this.question().answer(page(1, through));
      expect(mailbox.mode).toBe('live');
      sent.splice(0);
    },
  };
}
type Bench = ReturnType<typeof createBench>;

async function settled(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await Promise.resolve();
}

const bodyOf = (seq: number) => Buffer.from(JSON.stringify({ text: `message ${seq}` }));
function frameOf(seq: number): Uint8Array {
  return pushFrame('chat', bodyOf(seq), { seq, conv_seq: seq, server_ts_ms: 1 });
}

/** Items `first` to `last`; empty when `last` is smaller. */
function page(first: number, last: number, head: Partial<SyncPageHead> = {}) {
  const seqs = Array.from({ length: Math.max(0, last - first + 1) }, (_, index) => first + index);
  return pageOf(seqs, { through: Math.max(last, first - 1), ...head });
}

function pageOf(seqs: number[], head: Partial<SyncPageHead> & { through: number }) {
  const items = seqs.map((seq) => ({ type: 'chat' as const, seq, conv_seq: seq, at: 1 }));
  return { head: { more: false, mailbox_epoch: 1, items, ...head }, bodies: seqs.map(bodyOf) };
}

function read(type: Sent['type'], frame: Uint8Array): Sent {
  const payloads: Record<string, unknown>[] = [];
  new FrameReader(() => 2 ** 20).read(frame, ({ payload }) =>
    payloads.push(JSON.parse(Buffer.from(payload).toString()) as Record<string, unknown>),
  );
  const [payload = {}] = payloads;
  const seqOf = (item: unknown) => (item as { delivery: { seq: number } }).delivery.seq;
  if (type !== 'sync_page') return { type, seq: seqOf(payload), text: String(payload.text) };
  return {
    type,
    seqs: (payload.items as unknown[]).map(seqOf),
    through: Number(payload.through),
    more: payload.more === true,
  };
}

const seqsOf = (sent: Sent[]) => sent.flatMap((one) => (one.type === 'sync_page' ? one.seqs : [one.seq]));

describe('idle', () => {
  test('nothing is asked and nothing sent before the client has said where it is', () => {
    const { mailbox, questions, sent, push } = createBench();
    push(1, 2);
    mailbox.reaches(7);
    mailbox.catchUp();
    mailbox.continue();
    expect(mailbox.acknowledged(5)).toBe(0);
    expect([mailbox.mode, questions, sent]).toEqual(['idle', [], []]);
  });
});

describe('catch-up', () => {
  test('the first question acknowledges the cursor and passes on what the client said', () => {
    const bench = createBench();
    bench.mailbox.resume(41, 3, 1234);
    expect(bench.question().asked).toEqual({
      from: 41,
      ack: true,
      mailboxEpoch: 3,
      receiptsSinceMs: 1234,
      limit: SYNC_PAGE_ITEMS,
    });
  });

  test('pages are pulled one after the other until one says that there is no more', async () => {
    const bench = createBench();
    bench.mailbox.resume(0, undefined, undefined);
    await bench.question().answer(page(1, 10, { more: true }));
    const second = bench.question();
    expect(second.asked).toEqual({ from: 10, ack: false, limit: SYNC_PAGE_ITEMS });
    expect(bench.mailbox.mode).toBe('catch-up');
    await second.answer(page(11, 15));
    expect(bench.mailbox.mode).toBe('live');
    expect(seqsOf(bench.sent)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15]);
    expect(bench.sent.map((one) => one.type === 'sync_page' && one.more)).toEqual([true, false]);
    expect(bench.questions).toEqual([]);
  });

  test('an empty mailbox is answered with an empty page all the same', async () => {
    const bench = createBench();
    bench.mailbox.resume(0, undefined, undefined);
    await bench.question().answer(page(1, 0, { receipts: [] }));
    expect(bench.sent).toEqual([{ type: 'sync_page', seqs: [], through: 0, more: false }]);
  });

  test('pushes meanwhile only tell how far the mailbox reaches', async () => {
    const bench = createBench();
    bench.mailbox.resume(0, undefined, undefined);
    bench.push(3, 4);
    expect(bench.sent).toEqual([]);
    await bench.question().answer(page(1, 3));
    expect(bench.mailbox.mode).toBe('catch-up');
    await bench.question().answer(page(4, 4));
    expect(bench.mailbox.mode).toBe('live');
    expect(seqsOf(bench.sent)).toEqual([1, 2, 3, 4]);
  });

  test('a page that adds nothing is the last word, even when pushes promised more', async () => {
    const bench = createBench();
    bench.mailbox.resume(0, undefined, undefined);
    bench.mailbox.reaches(99);
    await bench.question().answer(page(1, 3));
    await bench.question().answer(page(4, 3));
    expect(bench.mailbox.mode).toBe('live');
    expect(bench.sent).toHaveLength(1);
  });

  test('a page that adds nothing says nothing of a message that came after it was asked for', async () => {
    const bench = createBench();
    bench.mailbox.resume(0, undefined, undefined);
    bench.push(1);
    await bench.question().answer(page(1, 0));
    expect(bench.mailbox.mode).toBe('catch-up');
    await bench.question().answer(page(1, 1));
    expect(bench.mailbox.mode).toBe('live');
    expect(seqsOf(bench.sent)).toEqual([1]);
  });

  test('no page is asked for while the socket is full, and none twice', async () => {
    const bench = createBench();
    bench.setBuffered(64 * KIB + 1);
    bench.mailbox.resume(0, undefined, undefined);
    expect(bench.questions).toEqual([]);
    bench.setBuffered(64 * KIB);
    bench.mailbox.continue();
    bench.mailbox.continue();
    expect(bench.questions).toHaveLength(1);
  });

  test('a page that got lost is asked for again by the sweep, with everything the first question said', async () => {
    const bench = createBench();
    bench.mailbox.resume(5, 2, 77);
    const lost = bench.question();
    await lost.lose();
    expect(bench.questions).toEqual([]);
    bench.mailbox.continue();
    const again = bench.question();
    expect(again.asked).toEqual(lost.asked);
    await again.answer(page(6, 7));
    expect(seqsOf(bench.sent)).toEqual([6, 7]);
  });

  test('an answer to an older question is not taken', async () => {
    const bench = createBench();
    bench.mailbox.resume(0, undefined, undefined);
    const old = bench.question();
    bench.mailbox.resume(10, undefined, undefined);
    await old.answer(page(1, 3));
    expect(bench.sent).toEqual([]);
    await bench.question().answer(page(11, 12));
    expect(seqsOf(bench.sent)).toEqual([11, 12]);
  });

  test('an old question that fails does not make a second one be asked', async () => {
    const bench = createBench();
    bench.mailbox.resume(0, undefined, undefined);
    const old = bench.question();
    bench.mailbox.resume(1, undefined, undefined);
    await old.lose();
    bench.mailbox.continue();
    expect(bench.questions).toHaveLength(1);
  });

  test('a cursor ahead of the server is corrected by the page, and later messages arrive', async () => {
    const bench = createBench();
    bench.mailbox.resume(1000, undefined, undefined);
    await bench.question().answer(page(1, 0, { through: 7 }));
    expect(bench.sent).toEqual([{ type: 'sync_page', seqs: [], through: 7, more: false }]);
    expect([bench.mailbox.mode, bench.mailbox.sentThrough]).toEqual(['live', 7]);
    bench.push(8);
    expect(seqsOf(bench.sent)).toEqual([8]);
    expect(bench.mailbox.acknowledged(1000)).toBe(8);
  });

  test('what has expired is passed over: the cursor moves, nothing is sent twice', async () => {
    const bench = createBench();
    bench.mailbox.resume(0, undefined, undefined);
    await bench.question().answer(pageOf([2, 5], { through: 9, more: false }));
    bench.push(9, 10);
    expect(seqsOf(bench.sent)).toEqual([2, 5, 10]);
  });
});

describe('live', () => {
  test('pushes in sequence leave at once, in the form of their type', async () => {
    const bench = createBench();
    await bench.goLive();
    bench.push(1);
    bench.mailbox.push(2, 'group_create', () => frameOf(2));
    expect(bench.sent).toEqual([
      { type: 'chat', seq: 1, text: 'message 1' },
      { type: 'group_create', seq: 2, text: 'message 2' },
    ]);
    expect(bench.questions).toEqual([]);
  });

  test('a push that was sent already is dropped without making its frame', async () => {
    const bench = createBench();
    await bench.goLive(5);
    bench.mailbox.push(5, 'chat', () => {
      throw new Error('the frame was made');
    });
    bench.push(3);
    expect(bench.sent).toEqual([]);
  });

  test('pushes that overtook each other are held and released in order', async () => {
    const bench = createBench();
    await bench.goLive();
    bench.push(3, 2, 5, 5);
    expect(bench.sent).toEqual([]);
    bench.push(1);
    expect(seqsOf(bench.sent)).toEqual([1, 2, 3]);
    bench.push(4);
    expect(seqsOf(bench.sent)).toEqual([1, 2, 3, 4, 5]);
    expect(jest.getTimerCount()).toBe(0);
    expect(bench.questions).toEqual([]);
  });

  test('a hole that stays leads to a page after 50 ms', async () => {
    const bench = createBench();
    await bench.goLive();
    bench.push(2);
    jest.advanceTimersByTime(49);
    expect(bench.mailbox.mode).toBe('live');
    jest.advanceTimersByTime(1);
    expect(bench.mailbox.mode).toBe('catch-up');
    const question = bench.question();
    expect(question.asked).toEqual({ from: 0, ack: false, limit: SYNC_PAGE_ITEMS });
    await question.answer(page(1, 2));
    expect(seqsOf(bench.sent)).toEqual([1, 2]);
    expect(bench.mailbox.mode).toBe('live');
  });

  test('64 are held, the next one leads to a page and nothing stays held', async () => {
    const bench = createBench();
    await bench.goLive();
    const seqs = Array.from({ length: 65 }, (_, index) => index + 2);
    bench.push(...seqs.slice(0, 64));
    expect(bench.mailbox.mode).toBe('live');
    bench.push(...seqs.slice(64));
    expect(bench.mailbox.mode).toBe('catch-up');
    expect(jest.getTimerCount()).toBe(0);
    await bench.question().answer(page(1, 66));
    bench.push(67);
    expect(seqsOf(bench.sent)).toEqual(Array.from({ length: 67 }, (_, index) => index + 1));
  });

  test('a full socket leads to catch-up: nothing is pushed, and a page comes when it has drained', async () => {
    const bench = createBench();
    await bench.goLive();
    bench.setBuffered(256 * KIB);
    bench.push(1);
    bench.setBuffered(256 * KIB + 1);
    bench.push(2, 3);
    expect(seqsOf(bench.sent)).toEqual([1]);
    expect(bench.mailbox.mode).toBe('catch-up');
    expect(bench.questions).toEqual([]);
    bench.setBuffered(0);
    bench.mailbox.continue();
    await bench.question().answer(page(2, 3));
    expect(seqsOf(bench.sent)).toEqual([1, 2, 3]);
    expect(bench.mailbox.mode).toBe('live');
  });

  test('the 257th message without an acknowledgement is not sent until one comes', async () => {
    const bench = createBench();
    await bench.goLive();
    const all = Array.from({ length: UNACKED_WINDOW + 1 }, (_, index) => index + 1);
    bench.push(...all);
    expect(seqsOf(bench.sent)).toEqual(all.slice(0, UNACKED_WINDOW));
    bench.mailbox.continue();
    expect(bench.questions).toEqual([]);

    expect(bench.mailbox.acknowledged(100)).toBe(100);
    const question = bench.question();
    expect(question.asked).toEqual({ from: UNACKED_WINDOW, ack: false, limit: 100 });
    await question.answer(page(UNACKED_WINDOW + 1, UNACKED_WINDOW + 1));
    expect(seqsOf(bench.sent)).toEqual(all);
    expect(bench.mailbox.mode).toBe('live');
  });

  test('pages too stop at 256 messages without an acknowledgement', async () => {
    const bench = createBench();
    bench.mailbox.resume(0, undefined, undefined);
    await bench.question().answer(page(1, SYNC_PAGE_ITEMS, { more: true }));
    const second = bench.question();
    expect(second.asked.limit).toBe(UNACKED_WINDOW - SYNC_PAGE_ITEMS);
    await second.answer(page(SYNC_PAGE_ITEMS + 1, UNACKED_WINDOW, { more: true }));
    expect(bench.questions).toEqual([]);
    bench.mailbox.acknowledged(1);
    expect(bench.question().asked.limit).toBe(1);
  });

  test('an acknowledgement of what was never sent counts as one of what was', async () => {
    const bench = createBench();
    await bench.goLive(3);
    expect(bench.mailbox.acknowledged(1_000_000)).toBe(3);
    bench.push(4);
    expect(bench.mailbox.acknowledged(2)).toBe(2);
    expect(bench.mailbox.acknowledged(4)).toBe(4);
  });

  test('told that the mailbox reaches further, it asks; told what it knows, it does not', async () => {
    const bench = createBench();
    await bench.goLive(3);
    bench.mailbox.reaches(3);
    expect(bench.questions).toEqual([]);
    bench.mailbox.reaches(5);
    await bench.question().answer(pageOf([5], { through: 5 }));
    expect(seqsOf(bench.sent)).toEqual([5]);
    expect(bench.mailbox.mode).toBe('live');
  });
});

describe('sync', () => {
  test('everything behind the hole that the client found is sent again', async () => {
    const bench = createBench();
    await bench.goLive(10);
    bench.mailbox.sync(4);
    const question = bench.question();
    expect(question.asked).toEqual({ from: 4, ack: false, limit: SYNC_PAGE_ITEMS });
    await question.answer(page(5, 10));
    expect(seqsOf(bench.sent)).toEqual([5, 6, 7, 8, 9, 10]);
    expect(bench.mailbox.mode).toBe('live');
  });

  test('a client cannot jump ahead of what it was sent', async () => {
    const bench = createBench();
    await bench.goLive(10);
    bench.mailbox.sync(99);
    expect(bench.question().asked.from).toBe(10);
    expect(bench.mailbox.acknowledged(99)).toBe(10);
  });

  test('with nothing behind it nothing is sent', async () => {
    const bench = createBench();
    await bench.goLive(10);
    bench.mailbox.sync(10);
    await bench.question().answer(page(11, 10));
    expect([bench.sent, bench.mailbox.mode]).toEqual([[], 'live']);
  });
});

describe('stop', () => {
  test('leaves no timer, and an answer that comes later is dropped', async () => {
    const bench = createBench();
    await bench.goLive();
    bench.push(2);
    expect(jest.getTimerCount()).toBe(1);
    bench.mailbox.stop();
    expect(jest.getTimerCount()).toBe(0);

    const other = createBench();
    other.mailbox.resume(0, undefined, undefined);
    other.mailbox.stop();
    await other.question().answer(page(1, 3));
    expect([other.sent, other.mailbox.mode]).toEqual([[], 'idle']);
  });
});

/** What can happen, in any order. Numbers choose among the available items, modulo their count. */
const step = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant('store' as const), n: fc.integer({ min: 1, max: 90 }) }),
  },
  {
    weight: 8,
    arbitrary: fc.record({ do: fc.constant('push' as const), n: fc.integer({ min: 1, max: 60 }) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('shuffle' as const), n: fc.integer({ min: 0, max: 80 }) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('drop' as const), n: fc.integer({ min: 0, max: 80 }) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('repeat' as const), n: fc.integer({ min: 0, max: 80 }) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('expire' as const), n: fc.integer({ min: 0, max: 999 }) }),
  },
  {
    weight: 5,
    arbitrary: fc.record({ do: fc.constant('answer' as const), n: fc.integer({ min: 1, max: 250 }) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('lose' as const), n: fc.constant(0) }) },
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant('ack' as const), n: fc.integer({ min: 0, max: 300 }) }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('sweep' as const), n: fc.constant(0) }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('wait' as const), n: fc.integer({ min: 1, max: 60 }) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('buffer' as const), n: fc.constantFrom(0, 100, 300) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('sync' as const), n: fc.integer({ min: 0, max: 300 }) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('resume' as const), n: fc.integer({ min: 0, max: 300 }) }),
  },
);
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;

/** A mailbox in Postgres, pushes in flight, and a device that checks what it gets. */
class World {
  readonly bench: Bench = createBench();
  #head = 0;
  readonly #expired = new Set<number>();
  #pushes: number[] = [];
  /** The device has everything up to here. */
  #cursor = 0;
  #acked = 0;
  #looked = 0;

  async run(steps: readonly Step[]): Promise<void> {
    this.bench.mailbox.resume(0, undefined, undefined);
    for (const one of steps) {
      await this.#do(one);
      this.#look();
    }
    this.bench.setBuffered(0);
    for (let round = 0; this.#cursor < this.#head || this.bench.mailbox.mode !== 'live'; round++) {
      if (round > 50) throw new Error(`stuck at ${this.#cursor} of ${this.#head}`);
      this.bench.mailbox.reaches(this.#head);
      this.#acked = this.#cursor;
      this.bench.mailbox.acknowledged(this.#acked);
      await this.#answer(200);
      this.#look();
    }
    for (const seq of this.#pushes.splice(0)) this.#push(seq);
    this.#look();
    this.bench.mailbox.stop();
  }

  async #do({ do: what, n }: Step): Promise<void> {
    const { mailbox } = this.bench;
    const pushes = this.#pushes;
    switch (what) {
      case 'store':
        for (let i = 0; i < n; i++) pushes.push(++this.#head);
        break;
      case 'push':
        for (const seq of pushes.splice(0, n)) this.#push(seq);
        break;
      case 'shuffle':
        pushes.push(...pushes.splice(0, n % (pushes.length + 1)));
        break;
      case 'drop':
        pushes.splice(n % (pushes.length + 1), 1);
        break;
      case 'repeat':
        pushes.push(...pushes.slice(n % (pushes.length + 1)).slice(0, 3));
        break;
      case 'expire':
        if (this.#head > this.#cursor) {
          this.#expired.add(this.#cursor + 1 + (n % (this.#head - this.#cursor)));
        }
        break;
      case 'answer':
        await this.#answer(n);
        break;
      case 'lose':
        await this.bench.questions.shift()?.lose();
        break;
      case 'ack': {
        this.#acked = Math.max(this.#acked, Math.min(this.#cursor, this.#acked + n));
        const passedOn = mailbox.acknowledged(this.#acked);
        expect(passedOn).toBeLessThanOrEqual(this.#cursor);
        break;
      }
      case 'sweep':
        mailbox.continue();
        break;
      case 'wait':
        jest.advanceTimersByTime(n);
        break;
      case 'buffer':
        this.bench.setBuffered(n * KIB);
        break;
      case 'sync':
        this.#cursor = Math.max(0, this.#cursor - n);
        mailbox.sync(this.#cursor);
        break;
      case 'resume':
        this.#cursor = Math.max(0, this.#cursor - n);
        this.#acked = this.#cursor;
        mailbox.resume(this.#cursor, undefined, undefined);
        break;
    }
  }

  #push(seq: number): void {
    if (this.#expired.has(seq)) this.bench.mailbox.reaches(seq);
    else this.bench.push(seq);
  }

  async #answer(most: number): Promise<void> {
    const question = this.bench.questions.shift();
    if (!question) return;
    const { from, limit } = question.asked;
    expect(limit).toBeGreaterThan(0);
    const seqs: number[] = [];
    let through = Math.min(from, this.#head);
    while (through < this.#head && seqs.length < Math.min(limit, most)) {
      through++;
      if (!this.#expired.has(through)) seqs.push(through);
    }
    await question.answer(pageOf(seqs, { through, more: through < this.#head }));
  }

  /** The device takes what has arrived: each sequence once, in order, and nothing missing but what has expired. */
  #look(): void {
    const { sent } = this.bench;
    for (; this.#looked < sent.length; this.#looked++) {
      const one = sent[this.#looked];
      if (one?.type === 'sync_page') {
        for (const seq of one.seqs) this.#take(seq);
        this.#passOver(one.through + 1);
        this.#cursor = one.through;
      } else if (one) this.#take(one.seq);
    }
    const unacked = this.bench.mailbox.sentThrough - this.#acked;
    // what was held behind a gap may be extra: at most 64 more
    expect(unacked).toBeLessThanOrEqual(UNACKED_WINDOW + 64 + this.#expired.size);
  }

  #take(seq: number): void {
    this.#passOver(seq);
    expect(seq).toBe(this.#cursor + 1);
    this.#cursor = seq;
  }

  #passOver(end: number): void {
    while (this.#cursor + 1 < end) {
      expect(this.#expired.has(this.#cursor + 1)).toBe(true);
      this.#cursor++;
    }
  }
}

test('whatever happens in whatever order, a device gets every message once, in order, without holes', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 120 }), async (steps) => {
      await new World().run(steps);
    }),
    { numRuns: 300 },
  );
});

test('however often a client starts over, one page is on its way, and then one for the last place asked for', async () => {
  const bench = createBench();
  const { mailbox, questions, sent } = bench;
  await bench.goLive(9);
  for (let n = 0; n < 100; n++) mailbox.sync(5);
  mailbox.sync(7);
  expect(questions).toHaveLength(1);
  await bench.question().answer(page(6, 9));
  expect(sent).toEqual([]);
  expect(questions.map(({ asked }) => asked.from)).toEqual([5]);
  mailbox.resume(2, undefined, undefined);
  expect(questions).toHaveLength(1);
  await bench.question().lose();
  mailbox.continue();
  const last = bench.question();
  expect(last.asked).toMatchObject({ from: 2, ack: true });
  await last.answer(page(3, 9));
  expect(sent).toHaveLength(1);
  expect(mailbox.mode).toBe('live');
});
