import { expect, test } from '@jest/globals';
import { History, unusedPort } from '@securechat/testkit';
import { storeViolations } from './store.ts';
import type { World } from './world.ts';

test('a Postgres that does not come back is a violation, and no end of the run', async () => {
  const postgres = { url: `postgres://chaos@127.0.0.1:${await unusedPort()}/chaos` };
  const world = { postgres, history: new History(), poisoned: 0 } as unknown as World;
  expect(await storeViolations(world)).toEqual([
    expect.stringMatching(/^health: the store cannot be read at the end: .*ECONNREFUSED/),
  ]);
});
