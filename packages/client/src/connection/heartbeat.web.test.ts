import { expect, test } from '@jest/globals';
import { FakeClock } from '../testing/fake-clock.ts';
import { Heartbeat } from './heartbeat.ts';

/** A heartbeat, every 30 s by default, and the times at which it pinged. */
function start({ intervalMs = 30_000, random = 0 } = {}) {
  const clock = new FakeClock();
  const beats: number[] = [];
  const state = { heardAtMs: 0, lostAtMs: undefined as number | undefined };
  const heartbeat = new Heartbeat({
    clock,
    random: () => random,
    intervalMs,
    ping: () => beats.push(clock.monotonicMs()),
    heardAtMs: () => state.heardAtMs,
    onLost: () => {
      state.lostAtMs = clock.monotonicMs();
    },
  });
  heartbeat.start();
  return { clock, beats, state, heartbeat };
}

test('it beats every 30 s, and up to a fifth earlier by chance', async () => {
  const late = start();
  late.state.heardAtMs = Number.POSITIVE_INFINITY;
  await late.clock.pass(90_000);
  expect(late.beats).toEqual([30_000, 60_000, 90_000]);
  late.heartbeat.stop();

  const early = start({ random: 1 });
  await early.clock.pass(60_000);
  expect(early.beats).toEqual([24_000, 48_000]);
  early.heartbeat.stop();
});

test('a server that is silent for two beats and a half is lost, once', async () => {
  const { clock, state, beats } = start();
  await clock.pass(74_999);
  expect(state.lostAtMs).toBeUndefined();
  await clock.pass(200_000);
  expect([state.lostAtMs, beats]).toEqual([75_000, [30_000, 60_000]]);
});

test('whatever comes shows that it is there', async () => {
  const { clock, state, heartbeat } = start();
  for (let n = 0; n < 10; n++) {
    await clock.pass(60_000);
    state.heardAtMs = clock.monotonicMs();
  }
  expect(state.lostAtMs).toBeUndefined();
  await clock.pass(75_000);
  expect(state.lostAtMs).toBe(675_000);
  heartbeat.stop();
});

test.each([
  [1, 5_000],
  [10 ** 9, 300_000],
])('an interval of %d ms is not taken: it beats after %d ms', async (intervalMs, expectedMs) => {
  const { clock, beats, heartbeat } = start({ intervalMs });
  await clock.pass(expectedMs);
  expect(beats).toEqual([expectedMs]);
  heartbeat.stop();
});

test('a probe beats at once, however often it is asked for, and gives up after 5 s', async () => {
  const { clock, beats, state, heartbeat } = start();
  await clock.pass(1_000);
  for (let n = 0; n < 20; n++) heartbeat.probe();
  expect(beats).toEqual([1_000]);
  await clock.pass(4_999);
  expect(state.lostAtMs).toBeUndefined();
  await clock.pass(1);
  expect(state.lostAtMs).toBe(6_000);
});

test('a probe that is answered changes nothing', async () => {
  const { clock, state, beats, heartbeat } = start();
  await clock.pass(1_000);
  heartbeat.probe();
  await clock.pass(100);
  state.heardAtMs = clock.monotonicMs();
  await clock.pass(28_900);
  expect([beats, state.lostAtMs]).toEqual([[1_000, 30_000], undefined]);
  await clock.pass(100_000);
  expect(state.lostAtMs).toBe(76_100);
});

test('an answer that is awaited and does not come makes it probe after 10 s, once', async () => {
  const { clock, beats, state, heartbeat } = start();
  await clock.pass(1_000);
  for (let n = 0; n < 5; n++) heartbeat.awaitAnswer(0);
  await clock.pass(9_999);
  expect(beats).toEqual([]);
  await clock.pass(1);
  expect(beats).toEqual([11_000]);
  await clock.pass(5_000);
  expect([beats, state.lostAtMs]).toEqual([[11_000], 16_000]);
});

test('anything that comes counts as the answer, and a long message is waited for longer', async () => {
  const { clock, beats, state, heartbeat } = start();
  await clock.pass(1_000);
  heartbeat.awaitAnswer(0);
  state.heardAtMs = clock.monotonicMs();
  await clock.pass(10_000);
  heartbeat.awaitAnswer(64_000);
  await clock.pass(15_000);
  state.heardAtMs = clock.monotonicMs();
  await clock.pass(11_000);
  expect([beats, state.lostAtMs]).toEqual([[30_000], undefined]);
  heartbeat.stop();
});

test('it is still after stop', async () => {
  const { clock, beats, state, heartbeat } = start();
  heartbeat.probe();
  heartbeat.awaitAnswer(0);
  heartbeat.stop();
  await clock.pass(1_000_000);
  expect([beats, state.lostAtMs]).toEqual([[0], undefined]);
});
