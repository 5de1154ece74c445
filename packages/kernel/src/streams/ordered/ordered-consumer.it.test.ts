import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { RetryableError } from '../../errors.ts';
import type { Metrics } from '../../metrics.ts';
import { createOwnDatabase, type OwnDatabase } from '../../testing/own-database.ts';
import { until } from '../../testing/until.ts';
import { type Numbers, openNumbers, range } from './testing/numbers.ts';
import { POISON } from './testing/numbers-handler.ts';

let database: OwnDatabase;
let numbers: Numbers;

beforeAll(async () => {
  database = await createOwnDatabase('ordered');
});
afterAll(() => database.drop());
beforeEach(async () => {
  numbers = await openNumbers({ redisUrl: process.env.TEST_REDIS_URL ?? '', postgresUrl: database.url });
});
afterEach(() => numbers.close());

/** Waits until every stream has handled 1 … `last`, in order and each once. */
async function handledUpTo(last: number, streams = numbers.streams.length): Promise<void> {
  const wanted = streams * last;
  await until(`${wanted} numbers are handled`, async () => (await numbers.handled()).flat().length >= wanted);
  const expected = numbers.streams.map((_, index) => (index < streams ? range(1, last) : []));
  expect(await numbers.handled()).toEqual(expected);
}

/** Adds 1, 2, 3 … to every stream, three per entry, until stopped. Resolves with the last number. */
function keepAdding(): { stop(): Promise<number>; next(): number } {
  let isOver = false;
  let next = 1;
  const adding = (async () => {
    while (!isOver) {
      await Promise.all(numbers.streams.map((_, index) => numbers.add(index, range(next, next + 2))));
      next += 3;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    return next - 1;
  })();
  return {
    next: () => next,
    stop: () => {
      isOver = true;
      return adding;
    },
  };
}

describe('order, exactly once', () => {
  test('whatever is read together, each stream is handled in its order, through stops and starts', async () => {
    const adding = keepAdding();
    for (const name of ['first', 'second', 'third']) {
      const worker = await numbers.startWorker(name);
      await until(`${name} has published`, () => worker.published.length >= 60);
      await worker.consumer.stop();
      expect(await numbers.owners()).toEqual({});
    }
    await numbers.startWorker('last');
    await handledUpTo(await adding.stop());
  });

  test('what gathers while a batch runs shares the next one', async () => {
    const batches: number[][] = [];
    const gate = Promise.withResolvers<void>();
    await numbers.startWorker('w', {
      onProcess: async (values) => {
        batches.push(values);
        if (batches.length === 1) await gate.promise;
      },
    });
    await numbers.add(0, [1]);
    await until('the first batch runs', () => batches.length === 1);
    for (let value = 2; value <= 50; value += 1) await numbers.add(0, [value]);
    gate.resolve();
    await handledUpTo(50, 1);
    expect(batches[1]).toEqual(range(2, 50));
  });

  test('a batch ends with a whole entry, and a huge entry is not cut', async () => {
    const sizes: number[] = [];
    const first = await numbers.add(0, range(1, 999));
    await numbers.add(0, range(1000, 3500));
    await numbers.add(0, [3501]);
    const cursors = new Set([first]);
    await numbers.startWorker('w', {
      onProcess: async (values) => {
        sizes.push(values.length);
        for (const cursor of await numbers.cursors()) cursors.add(cursor.last_id);
      },
    });
    await handledUpTo(3501, 1);
    expect(sizes).toEqual([3500, 1]);
  });

  test('a handler that fails for a while is given the same records again, in order', async () => {
    let failures = 3;
    const worker = await numbers.startWorker('w', {
      onWrite: () => {
        if (failures-- > 0) throw new RetryableError('not now');
      },
    });
    await numbers.add(0, [1, 2]);
    await numbers.add(0, [3]);
    await handledUpTo(3, 1);
    await until('all is published', () => worker.published.length === 3);
    expect(worker.published).toEqual([1, 2, 3]);
    expect(failures).toBeLessThan(0);
  });

  test('a batch that is too much at once is handled in parts, and later ones are large again', async () => {
    const sizes: number[] = [];
    let bearable = 5;
    for (let value = 1; value <= 20; value += 1) await numbers.add(0, [value]);
    await numbers.startWorker('w', {
      onProcess: (values) => {
        if (values.length > bearable) throw new RetryableError('Query read timeout');
        sizes.push(values.length);
      },
    });
    await handledUpTo(20, 1);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(5);
    bearable = 1_000;
    for (let value = 21; value <= 100; value += 1) await numbers.add(0, [value]);
    await handledUpTo(100, 1);
    expect(Math.max(...sizes)).toBeGreaterThan(5);
  });

  test('an error that nobody foresaw is tried again as well: it is no reason to park anything', async () => {
    let failures = 1;
    await numbers.startWorker('w', {
      onProcess: () => {
        if (failures-- > 0) throw new TypeError('a bug');
      },
    });
    await numbers.add(0, [1]);
    await handledUpTo(1, 1);
    expect(await numbers.deadLetters()).toEqual([]);
  });

  test('each committed cursor is reported, so that the stream can be trimmed up to it', async () => {
    const worker = await numbers.startWorker('w');
    await numbers.add(0, [1]);
    const last = await numbers.add(1, [1]);
    await until('both are reported', () => worker.committed.size === 2);
    expect(worker.committed.get(numbers.streams[1] ?? '')).toBe(last);
    expect((await numbers.cursors())[1]).toMatchObject({ last_id: last, last_batch: [1] });
  });

  test('the cursor of a partition that is claimed is reported: its former owner may not have trimmed the stream', async () => {
    const first = await numbers.startWorker('first');
    const last = await numbers.add(0, [1]);
    await until('it is handled', () => first.committed.has(numbers.streams[0] ?? ''));
    await first.consumer.stop();
    const second = await numbers.startWorker('second');
    await until('all are claimed', async () => (await numbers.owners()).second === numbers.streams.length);
    expect([...second.committed]).toEqual([[numbers.streams[0], last]]);
  });
});

describe('several workers', () => {
  test('a second worker gets a fair share, and a stop gives it back at once; under load nothing is doubled', async () => {
    const adding = keepAdding();
    await numbers.startWorker('a');
    await until('a owns all', async () => (await numbers.owners()).a === 4);
    const b = await numbers.startWorker('b');
    await until('they share', async () => {
      const { a, b } = await numbers.owners();
      return a === 2 && b === 2;
    });
    await until('b has published', () => b.published.length >= 30);

    await b.consumer.stop();
    const stoppedAtMs = performance.now();
    await until('a owns all again', async () => (await numbers.owners()).a === 4);
    // an unreleased lease would have taken three seconds to expire
    expect(performance.now() - stoppedAtMs).toBeLessThan(2500);
    await handledUpTo(await adding.stop());
  });

  test('a killed worker is followed within five seconds, and what it had no time to announce is announced', async () => {
    const killed = await numbers.startProcess('killed', { HANG_BEFORE_PUBLISH: '1' });
    await numbers.add(2, [1, 2, 3]);
    await until('it has committed', async () => (await numbers.handled()).flat().length === 3);
    killed.signal('SIGKILL');
    const killedAtMs = performance.now();

    const heir = await numbers.startWorker('heir');
    await until('the heir owns all', async () => (await numbers.owners()).heir === 4);
    expect(performance.now() - killedAtMs).toBeLessThan(5000);
    expect(killed.published()).toEqual([]);
    expect(heir.announced).toEqual([1, 2, 3]);

    await numbers.add(2, [4]);
    await until('it goes on', () => heir.published.includes(4));
    expect(heir.published).toEqual([4]);
    expect((await numbers.handled())[2]).toEqual([1, 2, 3, 4]);
  });

  test('a worker that stood still wakes up, has lost its streams, writes nothing of theirs and gets a share', async () => {
    const adding = keepAdding();
    const sleeper = await numbers.startProcess('sleeper');
    await until('it has published', () => sleeper.published().length >= 30);
    sleeper.signal('SIGSTOP');
    const other = await numbers.startWorker('other');
    await until('the other owns all', async () => (await numbers.owners()).other === 4);
    await until('the other has published', () => other.published.length >= 30);

    const before = sleeper.published().length;
    sleeper.signal('SIGCONT');
    await until('they share', async () => {
      const { sleeper, other } = await numbers.owners();
      return sleeper === 2 && other === 2;
    });
    await until('the sleeper has published', () => sleeper.published().length >= before + 30);
    await handledUpTo(await adding.stop());
  });

  test('a worker whose clock is an hour ahead takes nothing from a living one', async () => {
    await numbers.startWorker('a');
    await until('a owns all', async () => (await numbers.owners()).a === 4);
    const fences = (await numbers.cursors()).map(({ fence }) => fence);
    await numbers.startProcess('fast', { SECURECHAT_CLOCK_OFFSET_MS: String(3_600_000) });
    await until('they share', async () => {
      const { a, fast } = await numbers.owners();
      return a === 2 && fast === 2;
    });
    // each that changed hands did so once, by release
    const changed = (await numbers.cursors()).map(({ fence }, index) => fence - (fences[index] ?? 0));
    expect(changed.toSorted()).toEqual([0, 0, 1, 1]);
  });
});

describe('what can never succeed', () => {
  async function deadLettersCounted({ metrics }: { metrics: Metrics }): Promise<number> {
    const name = 'securechat_numbers_dead_letters_total';
    const { values = [] } = (await metrics.registry.getSingleMetric(name)?.get()) ?? {};
    return values.reduce((sum, { value }) => sum + value, 0);
  }

  test('an entry that cannot be decoded becomes a dead letter, and its neighbours are handled', async () => {
    const worker = await numbers.startWorker('w');
    await numbers.add(0, [1]);
    const bad = await numbers.addBytes(0, 'not a list');
    const last = await numbers.add(0, [2]);
    await handledUpTo(2, 1);
    expect(await numbers.deadLetters()).toEqual([
      {
        stream: numbers.streams[0],
        entry_id: bad,
        reason: expect.stringMatching(/JSON/),
        payload: 'not a list',
      },
    ]);
    await until('the cursor is past it', () => worker.committed.get(numbers.streams[0] ?? '') === last);
    expect(await deadLettersCounted(worker)).toBe(1);
  });

  test('an entry without a field becomes a dead letter', async () => {
    await numbers.redis.xadd(numbers.streams[0] ?? '', '*', '', '');
    await numbers.startWorker('w');
    await until('it is parked', async () => (await numbers.deadLetters()).length === 1);
  });

  test('a bad record is parked alone: those of the same entry, of the batch and of other streams are handled', async () => {
    const gate = Promise.withResolvers<void>();
    const worker = await numbers.startWorker('w', { onProcess: () => gate.promise });
    await numbers.add(0, [1]);
    await numbers.add(0, [2, -5, 3]);
    const entry = await numbers.add(0, [4, POISON, 5]);
    await numbers.add(1, range(1, 5));
    gate.resolve();
    await handledUpTo(5, 2);
    expect(await numbers.deadLetters()).toEqual([
      {
        stream: numbers.streams[0],
        entry_id: expect.any(String),
        reason: expect.stringContaining('not_negative'),
        payload: '-5',
      },
      {
        stream: numbers.streams[0],
        entry_id: entry,
        reason: 'a number that nobody wants',
        payload: '666666',
      },
    ]);
    await until('all is published', () => worker.published.length === 10);
    expect(worker.parked).toEqual([-5, POISON]);
    expect(await deadLettersCounted(worker)).toBe(2);
    expect(worker.published.filter((value) => value < 0)).toEqual([]);
  });
});

describe('publishing', () => {
  /** Slows COMMIT down, so that code that does not wait for it is caught. */
  const slowCommit = (seconds: number) =>
    numbers.pool.query(`
      CREATE FUNCTION ${numbers.schema}.dawdle() RETURNS trigger LANGUAGE plpgsql
        AS 'BEGIN PERFORM pg_sleep(${seconds}); RETURN NULL; END';
      CREATE CONSTRAINT TRIGGER dawdle AFTER UPDATE ON ${numbers.schema}.stream_cursors
        DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
        WHEN (OLD.last_id <> NEW.last_id) EXECUTE FUNCTION ${numbers.schema}.dawdle()`);

  test('nothing is published before another connection sees it committed', async () => {
    await slowCommit(0.2);
    const seen: Promise<number[]>[] = [];
    const worker = await numbers.startWorker('w', {
      onPublish: () => seen.push(numbers.handled().then((handled) => handled.flat())),
    });
    for (let value = 1; value <= 4; value += 1) {
      await numbers.add(0, [value]);
      await until('it is published', () => worker.published.includes(value));
      expect(await seen.at(-1)).toEqual(range(1, value));
    }
  });

  test('a cursor is reported for trimming only after COMMIT', async () => {
    await slowCommit(0.2);
    const worker = await numbers.startWorker('w');
    const id = await numbers.add(0, [1]);
    await until('it is reported', () => worker.committed.get(numbers.streams[0] ?? '') === id);
    expect((await numbers.cursors())[0]?.last_id).toBe(id);
  });

  test('a batch that fails at COMMIT is never published, and done again it is published once', async () => {
    await numbers.pool.query(`
      CREATE TABLE ${numbers.schema}.trouble (is_on boolean);
      INSERT INTO ${numbers.schema}.trouble VALUES (true);
      CREATE FUNCTION ${numbers.schema}.fail() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
          IF (SELECT is_on FROM ${numbers.schema}.trouble) THEN RAISE 'no' USING ERRCODE = '53100'; END IF;
          RETURN NULL;
        END $$;
      CREATE CONSTRAINT TRIGGER fail AFTER INSERT ON ${numbers.schema}.handled
        DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION ${numbers.schema}.fail()`);
    let attempts = 0;
    const worker = await numbers.startWorker('w', { onWrite: () => void attempts++ });
    await numbers.add(0, [1]);
    await until('it has failed three times', () => attempts >= 3);
    expect(worker.published).toEqual([]);
    expect(worker.committed.size).toBe(0);
    expect((await numbers.cursors())[0]?.last_id).toBe('0-0');

    await numbers.pool.query(`UPDATE ${numbers.schema}.trouble SET is_on = false`);
    await until('it is published', () => worker.published.length > 0);
    await handledUpTo(1, 1);
    expect(worker.published).toEqual([1]);
    expect(worker.announced).toEqual([]);
  });
});
