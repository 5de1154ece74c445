import { expect } from '@jest/globals';
import { until } from '@securechat/testkit';
import { type CursorMove, cursorMoves, cursorsOf, watchCursors } from '../support/database.ts';
import { ownersOf, sharedCursors } from '../support/partitions.ts';
import { useConstellation } from '../support/stack.ts';
import {
  expectPromisesKept,
  firstDelivery,
  ms,
  openCompany,
  report,
  startTraffic,
} from '../support/traffic.ts';

const stack = useConstellation({ gateways: 2, deliveries: 2, redis: 'own', postgres: 'own' });
const { test } = stack;

/** Twice a lease. */
const PAUSE_MS = 6_000;
/** A lease, and what Postgres grants a transaction that does nothing and holds its locks. */
const TAKEN_OVER_WITHIN_MS = 8_000;

test('a delivery process that was paused finds its partitions taken, and writes nothing more to them', async () => {
  await watchCursors(stack);
  const company = await openCompany(stack);
  const [zombie, other] = await ownersOf(stack, company.talkers);
  const traffic = await startTraffic(company);

  const strike = await traffic.strike(() => zombie.process.kill('SIGSTOP'), zombie.talkers);
  const sinceMs = (): number => performance.now() - strike.atMs;
  let takenOverMs = 0;
  try {
    await until(
      'the other process has taken over',
      async () => (await cursorsOf(stack)).every(({ owner }) => owner === other?.worker),
      TAKEN_OVER_WITHIN_MS,
    );
    takenOverMs = sinceMs();
    await until('the pause is over', () => sinceMs() >= PAUSE_MS);
  } finally {
    await zombie.process.kill('SIGCONT');
  }
  // by other claims, with other fences
  await sharedCursors(stack);
  await traffic.end();

  const figures = await expectPromisesKept(stack, traffic, strike);
  const moves = await cursorMoves(stack);
  expect(ownersBySession(moves).filter((owners) => owners.size > 1)).toEqual([]);
  expect(steppedBack(moves)).toEqual([]);

  const firstMs = await firstDelivery(stack, traffic, strike, (arrival) =>
    zombie.conversations.has(arrival.conversation_id),
  );
  report(
    'delivery paused',
    `${figures}; taken over after ${ms(takenOverMs)}, first delivery from there after ${ms(firstMs)}`,
  );
}, 120_000);

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
