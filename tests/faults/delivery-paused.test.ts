import { expect } from '@jest/globals';
import { until } from '@securechat/testkit';
import { type CursorMove, cursorMoves, cursorsOf, watchCursors } from '../support/database.ts';
import { ownersOf, streamsOf } from '../support/partitions.ts';
import { useConstellation } from '../support/stack.ts';
import {
  expectPromisesKept,
  firstDelivery,
  ms,
  openCompany,
  report,
  startTraffic,
  type Traffic,
} from '../support/traffic.ts';

const stack = useConstellation({
  ...{ gateways: 2, deliveries: 2, redis: 'own', postgres: 'own' },
  // so that each has some, again and again
  env: { delivery: { DELIVERY_SPREAD_ABOVE_PERCENT: '0' } },
});
const { test } = stack;

/** Twice a lease: whatever the process waited for has timed out when it goes on. */
const LONG_PAUSE_MS = 6_000;
/** A lease, and what Postgres grants a transaction that does nothing and holds its locks. */
const TAKEN_OVER_WITHIN_MS = 8_000;

test('a delivery process that was paused finds its partitions taken, and writes nothing more to them', async () => {
  await watchCursors(stack);
  const company = await openCompany(stack);
  const streams = await streamsOf(stack, company.talkers);
  const traffic = await startTraffic(company);

  const long = await pause(traffic, streams, LONG_PAUSE_MS);
  // as short as can be: what it had read when it was paused is still good to it when it goes on
  const short = await pause(traffic, streams, 0);
  // both take part again, by other claims and with other fences
  await ownersOf(stack, company.talkers, streams, 2);
  await traffic.end();

  const figures = await expectPromisesKept(stack, traffic, long.strike);
  const moves = await cursorMoves(stack);
  expect(ownersBySession(moves).filter((owners) => owners.size > 1)).toEqual([]);
  expect(steppedBack(moves)).toEqual([]);

  const firstMs = await firstDelivery(stack, traffic, long.strike, (arrival) =>
    long.zombie.conversations.has(arrival.conversation_id),
  );
  report(
    'delivery paused',
    `${figures}; taken over after ${ms(long.takenOverMs)} and ${ms(short.takenOverMs)}, ` +
      `first delivery from there after ${ms(firstMs)}; ${refusedByFence()} batches refused by the fence`,
  );
}, 120_000);

async function pause(traffic: Traffic, streams: ReadonlyMap<string, string>, atLeastMs: number) {
  const [zombie, other] = await ownersOf(stack, traffic.talkers, streams, 2);
  const strike = await traffic.strike(() => zombie.process.kill('SIGSTOP'), zombie.talkers);
  const sinceMs = (): number => performance.now() - strike.atMs;
  try {
    await until(
      'the other process has taken over',
      async () => (await cursorsOf(stack)).every(({ owner }) => owner === other?.worker),
      TAKEN_OVER_WITHIN_MS,
    );
    const takenOverMs = sinceMs();
    await until('the pause is over', () => sinceMs() >= atLeastMs);
    return { zombie, strike, takenOverMs };
  } finally {
    await zombie.process.kill('SIGCONT');
  }
}

function refusedByFence(): number {
  const lines = stack.constellation.deliveries.flatMap(({ log }) => log);
  return lines.filter((line) => line.includes('partitions were taken over by another worker')).length;
}

/** A session belongs to one process. One that moved the cursor of another owner wrote what it had lost. */
function ownersBySession(moves: readonly CursorMove[]): Set<string>[] {
  const sessions = Map.groupBy(moves, ({ session }) => session);
  return [...sessions.values()].map((list) => new Set(list.map(({ owner }) => owner)));
}

/** Moves under a fence that was no longer the newest of its stream. */
function steppedBack(moves: readonly CursorMove[]): CursorMove[] {
  const newest = new Map<string, number>();
  return moves.filter(({ stream, fence }) => {
    const before = newest.get(stream) ?? 0;
    newest.set(stream, Math.max(before, fence));
    return fence < before;
  });
}
