import { expect } from '@jest/globals';
import { askRedis, until } from '@securechat/testkit';
import { cursorsOf } from '../support/database.ts';
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

const HOUR_MS = 3_600_000;

/** Streams that have been read, and the time in the id of the last entry that was. */
async function readStreams(): Promise<{ stream: string; timeMs: number }[]> {
  const cursors = (await cursorsOf(stack)).filter(({ last_id }) => last_id !== '0-0');
  return cursors.map(({ stream, last_id }) => ({ stream, timeMs: Number.parseInt(last_id, 10) }));
}

/**
 * As when the clock of the next Redis is an hour behind: its ids are smaller than those that have been read, so
 * whoever only waits for greater ones waits for an hour.
 */
async function runAheadOfTheClock(redisUrl: string): Promise<void> {
  const aheadMs = Date.now() + HOUR_MS;
  for (const { stream } of await readStreams()) await askRedis(redisUrl, 'XSETID', stream, `${aheadMs}-0`);
  await until('what was read is ahead of the clock', async () =>
    (await readStreams()).every(({ timeMs }) => timeMs >= aheadMs),
  );
}

test('a Redis that is killed and comes back empty loses nothing, and nobody has to do anything', async () => {
  const company = await openCompany(stack);
  const traffic = await startTraffic(company);
  const { ownRedis, redisUrl } = stack.constellation.stores;
  await runAheadOfTheClock(redisUrl);
  const sessions = traffic.talkers.map(({ client }) => client.login?.ready.session_id);

  let goneWallMs = 0;
  let emptyAtMs = 0;
  const strike = await traffic.strike(async () => {
    await ownRedis!.end('SIGKILL');
    goneWallMs = Date.now();
    await ownRedis!.startEmpty();
    emptyAtMs = performance.now();
  });
  await traffic.end();

  const figures = await expectPromisesKept(stack, traffic, strike);
  const read = await readStreams();
  expect(read.filter(({ timeMs }) => timeMs > Date.now() + HOUR_MS / 2)).toEqual([]);

  // nobody logged in again: it was the gateways that made their clients known to the new Redis
  expect(traffic.talkers.map(({ client }) => client.login?.ready.session_id)).toEqual(sessions);
  expect(await countRoutes(redisUrl)).toBe(traffic.talkers.length);

  const firstMs = await firstDelivery(stack, traffic, { ...strike, doneWallMs: goneWallMs });
  report(
    'Redis killed and emptied',
    `${figures}; Redis was away for ${ms(emptyAtMs - strike.atMs)}, first delivery after ${ms(firstMs)}`,
  );
}, 120_000);

/** Devices that can be found, over all users. */
async function countRoutes(redisUrl: string): Promise<number> {
  const keys = (await askRedis(redisUrl, 'KEYS', '*:routes')) as string[];
  const lists = await Promise.all(keys.map((key) => askRedis(redisUrl, 'HVALS', key) as Promise<string[]>));
  return lists.flat().flatMap((list) => JSON.parse(list) as unknown[]).length;
}
