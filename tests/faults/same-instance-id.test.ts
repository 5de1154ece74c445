import { expect } from '@jest/globals';
import { rowsOf, until } from '@securechat/testkit';
import { useConstellation } from '../support/stack.ts';
import { expectPromisesKept, openCompany, report, startTraffic } from '../support/traffic.ts';

const stack = useConstellation({
  ...{ gateways: 2, deliveries: 2, redis: 'own', postgres: 'own' },
  // evenly, so that each has something that the other could take
  env: { delivery: { INSTANCE_ID: 'twin', DELIVERY_SPREAD_ABOVE_PERCENT: '0' } },
});
const { test } = stack;

type Owned = { owner: string; streams: number; changes: number };

/** Who has how many partitions, as they sign them, and how often theirs have changed hands. */
const ownedBy = (): Promise<Owned[]> =>
  rowsOf<Owned>(
    stack.constellation.stores.postgresUrl,
    `SELECT owner, count(*)::int AS streams, sum(fence)::int AS changes FROM delivery.stream_cursors
      WHERE owner IN (SELECT id FROM delivery.stream_workers WHERE lease_until > clock_timestamp()) GROUP BY owner ORDER BY owner`,
  );
const processesOf = (owned: readonly Owned[]): Set<string | undefined> =>
  new Set(owned.map(({ owner }) => owner.split('/')[0]));
/** Two processes with two lanes each, others than `before`: the lease of one that was killed goes on for three seconds. */
const shared = (before: readonly Owned[] = []) =>
  until('two processes have their shares', async () => {
    const owned = await ownedBy();
    const names = processesOf(owned);
    const isNew = [...names].some((name) => !processesOf(before).has(name));
    return isNew && names.size === 2 && owned.length === 4 && owned;
  });

test('two processes of one INSTANCE_ID take nothing from each other, and one that was killed is let in again', async () => {
  const [doomed] = stack.constellation.deliveries;
  const before = await shared();
  const traffic = await startTraffic(await openCompany(stack));
  await traffic.goOn();
  expect(await ownedBy()).toEqual(before);

  const strike = await traffic.strike(async () => {
    await doomed?.kill('SIGKILL');
    await doomed?.restart();
  });
  const after = await shared(before);
  await traffic.goOn();
  expect(await ownedBy()).toEqual(after);
  const [old, young] = [processesOf(before), processesOf(after)];
  expect([...young].filter((name) => old.has(name))).toHaveLength(1);
  for (const name of [...old, ...young]) expect(name).toMatch(/^twin\./);
  await traffic.end();

  report('two of one name', await expectPromisesKept(stack, traffic, strike));
}, 120_000);
