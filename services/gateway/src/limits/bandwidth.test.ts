import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { createTestClock, type TestClock } from '@securechat/kernel/testing';
import { until } from '@securechat/testkit';
import { type Bandwidth, createBandwidth } from './bandwidth.ts';

/** About a million per second. */
const PER_MINUTE = 60_000_000;

let clock: TestClock;
let bandwidth: Bandwidth;
let timesEmpty: number;
let carried: [received: number, sent: number][];
let turns: string[];

beforeEach(() => {
  clock = createTestClock();
  timesEmpty = 0;
  carried = [];
  turns = [];
  const metrics = {
    limited: () => void timesEmpty++,
    carried: (received: number, sent: number) => void carried.push([received, sent]),
  };
  bandwidth = createBandwidth({ bytesPerMinute: PER_MINUTE, clock, metrics });
});
afterEach(() => bandwidth.stop());

/** A waiter that takes this much whenever it may. */
const waiter = (name: string, bytes = 0) => ({
  hasTurn() {
    turns.push(name);
    expect(bandwidth.mayTake(this)).toBe(true);
    bandwidth.sent(bytes, 'session');
  },
});

test('a quiet minute saves up no more than a second', () => {
  clock.advance(60_000);
  bandwidth.received(999_999, 'session');
  expect(bandwidth.mayTake(waiter('a'))).toBe(true);
  bandwidth.sent(1, 'session');
  expect(bandwidth.mayTake(waiter('a'))).toBe(false);
  expect(timesEmpty).toBe(1);
});

test('whoever takes all it may, in whatever pieces, has not more than the limit in any minute, and nearly that', () => {
  const taken: [at: number, bytes: number][] = [];
  const greedy = waiter('greedy');
  for (let at = 0; at < 150_000; at += 7) {
    clock.advance(7);
    // it is the only one, so it would be its turn
    bandwidth.leave(greedy);
    for (let n = 0; n < 5 && bandwidth.mayTake(greedy); n++) {
      const bytes = 1 + ((at * 7919) % 8_000);
      bandwidth.received(bytes, 'session');
      taken.push([at, bytes]);
    }
    bandwidth.leave(greedy);
  }
  const inMinuteFrom = (start: number): number =>
    taken.reduce((sum, [at, bytes]) => (at >= start && at < start + 60_000 ? sum + bytes : sum), 0);
  const minutes = Array.from({ length: 90 }, (_, n) => inMinuteFrom(n * 1000));
  // what is in flight when the bucket runs empty still passes
  expect(Math.max(...minutes)).toBeLessThanOrEqual(PER_MINUTE + 8_000);
  expect(Math.min(...minutes)).toBeGreaterThan(0.97 * PER_MINUTE);
});

test('what had to go although nothing was left is paid back before anybody else may', () => {
  bandwidth.sent(1_900_000, 'session');
  clock.advance(900);
  expect(bandwidth.mayTake(waiter('a'))).toBe(false);
  clock.advance(100);
  bandwidth.sent(0, 'session');
  expect(timesEmpty).toBe(1);
});

test('whatever had to go, nobody waits much longer than a second for it', () => {
  for (let n = 0; n < 10; n++) bandwidth.received(30_000_000, 'session');
  clock.advance(1_100);
  expect(bandwidth.mayTake(waiter('a'))).toBe(true);
});

test('nobody waits for the bytes of strangers, which are counted', () => {
  bandwidth.received(30_000_000, 'stranger');
  bandwidth.sent(30_000_000, 'stranger');
  expect(bandwidth.mayTake(waiter('a'))).toBe(true);
  expect(timesEmpty).toBe(0);
  bandwidth.sweep();
  expect(carried).toEqual([[30_000_000, 30_000_000]]);
});

test('those who wait come by turns, the longest waiting first, and who comes later does not overtake them', async () => {
  bandwidth.sent(1_000_000, 'session');
  const names = ['a', 'b', 'c', 'd'];
  const waiters = names.map((name) => waiter(name, 64 * 1024));
  for (const one of waiters) expect(bandwidth.mayTake(one)).toBe(false);
  // room for two
  clock.advance(100);
  expect(bandwidth.mayTake(waiter('late'))).toBe(false);
  await until('two had their turn', () => turns.length === 2);
  clock.advance(40);
  expect(turns).toEqual(['a', 'b']);
  clock.advance(1000);
  await until('all had theirs', () => turns.length === 5);
  expect(turns).toEqual(['a', 'b', 'c', 'd', 'late']);
  expect(bandwidth.mayTake(waiter('a'))).toBe(true);
});

test('who is gone has no turn', async () => {
  bandwidth.sent(1_000_000, 'session');
  const [gone, there] = [waiter('gone'), waiter('there')];
  for (const one of [gone, there]) bandwidth.mayTake(one);
  bandwidth.leave(gone);
  clock.advance(500);
  await until('it is the turn of who is there', () => turns.length > 0);
  expect(turns).toEqual(['there']);
});

test('what was carried is told once', () => {
  bandwidth.received(10, 'session');
  bandwidth.sent(20, 'stranger');
  bandwidth.sweep();
  bandwidth.sweep();
  expect(carried).toEqual([
    [10, 20],
    [0, 0],
  ]);
});
