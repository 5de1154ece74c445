import { expect, test } from '@jest/globals';
import { fromBytes } from '../../storage/json.ts';
import { victim } from '../testing/victim.ts';
import { KeyPackageStock } from './top-up.ts';

const DAY_MS = 24 * 3_600_000;

test('private halves are kept as long as a Welcome may ask for them: of a last resort, a month after another took its place', async () => {
  const { core } = await victim([]);
  const startMs = Date.now();
  let day = 0;
  const connection = {
    request: async (name: string) => (name === 'key_count' ? { count: 49, last_resort: true } : {}),
  };
  const stock = new KeyPackageStock({
    ...core,
    connection: connection as never,
    now: () => startMs + day * DAY_MS,
  });
  const kept = async (isLastResort: boolean): Promise<number[]> => {
    const all = (await core.store.list('key-package/')).map(([, bytes]) =>
      fromBytes<{ isLastResort: boolean; madeAtMs: number }>(bytes),
    );
    const days = all
      .filter((each) => each.isLastResort === isLastResort)
      .map(({ madeAtMs }) => (madeAtMs - startMs) / DAY_MS);
    return days.sort((a, b) => a - b);
  };
  const refillAt = async (at: number): Promise<void> => {
    day = at;
    await stock.refill(new AbortController().signal);
  };
  for (const at of [0, 8, 16, 24, 32, 40]) await refillAt(at);
  expect(await kept(true)).toEqual([0, 8, 16, 24, 32, 40]);
  // the one made on day 0 was handed out until day 8
  await refillAt(8 + 34);
  expect(await kept(true)).toEqual([8, 16, 24, 32, 40]);
  expect(await kept(false)).toEqual([0, 8, 16, 24, 32, 40, 42]);
  await refillAt(124);
  expect(await kept(false)).toEqual([8, 16, 24, 32, 40, 42, 124]);
});
