import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { openWorld, type World } from '../testing/world.ts';
import { findDevices } from './devices.ts';

const PEOPLE = 300;

let world: World;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world?.close());

test('the devices of a large group are found by looking at each once, also without statistics', async () => {
  await world.query('ALTER TABLE auth.users SET (autovacuum_enabled = false)');
  await world.query('ALTER TABLE auth.devices SET (autovacuum_enabled = false)');
  const addresses: string[] = [];
  for (let n = 0; n < PEOPLE; n += 1) {
    const { devices } = await world.addPerson(`person${n}`, 1);
    addresses.push(...devices.map(({ address }) => address));
  }
  const client = await world.openClient();
  await client.query('BEGIN');
  const found = await findDevices(client, [...addresses, 'person1:nothing', 'nobody:phone']);
  const { rows } = await client.query<{ read: number }>(
    `SELECT sum(coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0))::int AS read
       FROM pg_stat_xact_all_tables WHERE relid IN ('auth.users'::regclass, 'auth.devices'::regclass)`,
  );
  await client.query('ROLLBACK');
  expect([...found.keys()].toSorted()).toEqual(addresses.toSorted());
  expect(rows[0]?.read).toBeLessThan(4 * PEOPLE);
});
