import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import { Departures } from './departures.ts';

/** So long that nothing on a busy machine takes as long by chance. */
const EVERY_MS = 400;

test('who comes first leaves at the end of the turn, with whoever else is there', async () => {
  const left: string[] = [];
  const departures = new Departures(EVERY_MS);
  departures.add(() => left.push('one'));
  departures.add(() => left.push('two'));
  expect(left).toEqual([]);
  await nextTurn();
  expect(left).toEqual(['one', 'two']);
});

test('who comes soon afterwards leaves together with the others, when the time is over', async () => {
  const left: string[] = [];
  const departures = new Departures(EVERY_MS);
  departures.add(() => left.push('first'));
  await nextTurn();
  const leftAtMs = performance.now();
  const { promise: bothLeft, resolve } = Promise.withResolvers<number>();
  departures.add(() => left.push('second'));
  await sleep(5);
  departures.add(() => {
    left.push('third');
    resolve(performance.now());
  });
  expect(left).toEqual(['first']);
  // a timer may be a millisecond early
  expect((await bothLeft) - leftAtMs).toBeGreaterThan(EVERY_MS - 5);
  expect(left).toEqual(['first', 'second', 'third']);
});

test('after a silence nobody waits', async () => {
  const departures = new Departures(20);
  departures.add(() => {});
  await sleep(40);
  let hasLeft = false;
  departures.add(() => {
    hasLeft = true;
  });
  await nextTurn();
  expect(hasLeft).toBe(true);
});
