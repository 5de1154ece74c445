import { beforeEach, expect, test } from '@jest/globals';
import { PoisonError, RetryableError } from './errors.ts';
import { gatherCalls } from './gather-calls.ts';

type Call = { asks: readonly number[] } & PromiseWithResolvers<readonly string[]>;
let calls: Call[];
let ask: (ask: number) => Promise<string>;

beforeEach(() => {
  calls = [];
  ask = gatherCalls<number, string>(
    (asks) => {
      const call = { asks, ...Promise.withResolvers<readonly string[]>() };
      calls.push(call);
      return call.promise;
    },
    { atOnce: 1, most: 3 },
  );
});

const turn = () => new Promise((resolve) => setImmediate(resolve));
const asked = () => calls.map((call) => call.asks);

test('what one turn asks is one call, and each gets its own answer', async () => {
  const answers = Promise.all([ask(1), ask(2)]);
  expect(calls).toEqual([]);
  await turn();
  expect(asked()).toEqual([[1, 2]]);
  calls[0]?.resolve(['one', 'two']);
  expect(await answers).toEqual(['one', 'two']);
});

test('what comes while a call is under way goes together when that has ended, so many at a time', async () => {
  const first = ask(0);
  await turn();
  const answers = Promise.all([1, 2, 3, 4].map((number) => ask(number)));
  await turn();
  expect(asked()).toEqual([[0]]);
  calls[0]?.resolve(['zero']);
  await first;
  await turn();
  expect(asked()).toEqual([[0], [1, 2, 3]]);
  calls[1]?.resolve(['one', 'two', 'three']);
  await turn();
  expect(asked()).toEqual([[0], [1, 2, 3], [4]]);
  calls[2]?.resolve(['four']);
  expect(await answers).toEqual(['one', 'two', 'three', 'four']);
});

test('an input that cannot be answered fails alone', async () => {
  const outcomes = Promise.allSettled([ask(1), ask(2)]);
  await turn();
  calls[0]?.reject(new PoisonError('the second'));
  await turn();
  calls[1]?.resolve(['one']);
  await turn();
  calls[2]?.reject(new PoisonError('the second'));
  expect((await outcomes).map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
  expect(asked()).toEqual([[1, 2], [1], [2]]);
});

test('when the far side is away all fail at once, and the next are tried', async () => {
  const outcomes = Promise.allSettled([ask(1), ask(2)]);
  await turn();
  calls[0]?.reject(new RetryableError('away'));
  expect((await outcomes).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  void ask(3);
  await turn();
  expect(asked()).toEqual([[1, 2], [3]]);
});
