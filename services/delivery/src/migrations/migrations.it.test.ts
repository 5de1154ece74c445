import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { sqlState } from '@securechat/kernel';
import { Client } from 'pg';
import { DAY_MS, dayOf } from '../rules/days.ts';
import { chatFrom, deviceOf } from '../testing/records.ts';
import { openWorld, type World } from '../testing/world.ts';

let world: World;

beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world?.close());

/** The SQLSTATE with which delivery's role is refused a statement, or 'done'. */
async function attempt(sql: string): Promise<string | undefined> {
  const client = new Client(world.ownerUrl);
  await client.connect();
  try {
    await client.query('SET ROLE securechat_delivery');
    await client.query(sql);
    return 'done';
  } catch (error) {
    return sqlState(error);
  } finally {
    await client.end();
  }
}
const INSUFFICIENT_PRIVILEGE = '42501';

describe('securechat_delivery', () => {
  test('is who these tests work as, and can do the work', async () => {
    const [role] = (await world.pool.query('SELECT current_user AS name')).rows;
    expect(role).toEqual({ name: 'securechat_delivery' });
    const place = await world.connect(await world.addPerson('alice'), await world.addPerson('bob'));
    const { answers } = await world.run([chatFrom(deviceOf(place.a, 0), place, 1)]);
    expect(answers).toMatchObject([{ kind: 'stored', conv_seq: 2 }]);
  });

  test.each([
    'DELETE FROM delivery.messages',
    'TRUNCATE delivery.messages',
    'DELETE FROM delivery.messages_default',
    'DELETE FROM delivery.conversations',
    'DELETE FROM delivery.conv_members',
    'DELETE FROM delivery.conv_devices',
    'DELETE FROM delivery.device_queue',
    'DELETE FROM delivery.stream_cursors',
    'DELETE FROM delivery.dead_letters',
    'SELECT payload FROM delivery.dead_letters',
    'UPDATE delivery.settings SET mailbox_epoch = 9',
    'UPDATE delivery.mailbox SET seq = seq + 1',
    'DROP TABLE delivery.mailbox',
    'ALTER TABLE delivery.messages ADD COLUMN more text',
    'CREATE TABLE delivery.more (id int)',
    'CREATE TABLE public.more (id int)',
    'CREATE SCHEMA more',
    `INSERT INTO auth.users (ext_id, account_key) VALUES ('eve', decode(repeat('ab', 32), 'hex'))`,
    `UPDATE auth.users SET state = 'disabled'`,
    'DELETE FROM auth.users',
    'UPDATE auth.devices SET revoked_at = now()',
    'DELETE FROM auth.devices',
    'SELECT account_key FROM auth.users',
    'SELECT public_key FROM auth.devices',
    'SELECT * FROM auth.device_lists',
    `UPDATE securechat_migrations.delivery SET name = ''`,
  ])('may not: %s', async (sql) => {
    expect(await attempt(sql)).toBe(INSUFFICIENT_PRIVILEGE);
  });
});

describe('what runs as the owner', () => {
  test.each([
    'delivery.ensure_partitions(1)',
    `delivery.ensure_partitions(1, '2026-01-01')`,
    `delivery.retire_partition('2000-01-01', '2000-01-01', 1)`,
    `delivery.forget_unpartitioned('2000-01-01', '2000-01-01', 1)`,
  ])('runs nothing that its caller has put in its way: %s', async (call) => {
    const client = new Client(world.url);
    await client.connect();
    try {
      // never committed
      await client.query(`
        BEGIN;
        CREATE FUNCTION pg_temp.is_mine() RETURNS boolean LANGUAGE plpgsql
          AS $$ BEGIN RAISE 'this runs as %', current_user; END $$;
        CREATE TEMP VIEW pg_class AS SELECT * FROM pg_catalog.pg_class WHERE pg_temp.is_mine();
        CREATE TEMP VIEW pg_inherits AS SELECT * FROM pg_catalog.pg_inherits WHERE pg_temp.is_mine();
        CREATE DOMAIN pg_temp.date AS pg_catalog.date CHECK (pg_temp.is_mine());`);
      await client.query(`SELECT ${call}`);
    } finally {
      await client.end();
    }
  });

  test('looks into the temporary schema of its caller last, whichever function it is', async () => {
    const functions = await world.query<{ name: string; settings: string[] }>(
      'SELECT oid::regprocedure::text AS name, proconfig AS settings FROM pg_proc WHERE prosecdef ORDER BY 1',
    );
    expect(functions.length).toBeGreaterThanOrEqual(4);
    for (const { settings } of functions) expect(settings).toContain('search_path=pg_catalog, pg_temp');
  });
});

describe('ensure_partitions', () => {
  const partitions = async () =>
    (
      await world.query<{ name: string }>(
        `SELECT inhrelid::regclass::text AS name FROM pg_inherits WHERE inhparent = 'delivery.messages'::regclass ORDER BY 1`,
      )
    ).map(({ name }) => name);
  const nameOf = (day: number): string => `delivery.messages_${dayOf(day * DAY_MS).replaceAll('-', '')}`;
  const today = (): number => Math.floor(Date.now() / DAY_MS);
  const namesOf = (from: number, to: number): string[] => [
    ...Array.from({ length: to - from + 1 }, (_, index) => nameOf(from + index)),
    'delivery.messages_default',
  ];
  /** The database may have been made before midnight, or on another day when its server outlives runs. */
  const partitionsFrom = async (day: number): Promise<string[]> =>
    (await partitions()).filter((name) => name >= nameOf(day));

  test('has made the day of the migration and a week ahead', async () => {
    const [, year, month, day] = /_(\d{4})(\d\d)(\d\d)$/.exec((await partitions())[0] ?? '') ?? [];
    const first = Date.parse(`${year}-${month}-${day}`) / DAY_MS;
    expect(first).toBeLessThanOrEqual(today());
    expect(await partitions()).toEqual(namesOf(first, first + 7));
  });

  test('is done by the role itself, by many at once and again and again', async () => {
    const began = today();
    await Promise.all(
      Array.from({ length: 5 }, () => world.pool.query('SELECT delivery.ensure_partitions(10)')),
    );
    await world.pool.query('SELECT delivery.ensure_partitions(10)');
    await world.pool.query('SELECT delivery.ensure_partitions(3)');
    // a midnight may have passed
    const possible = [began, today()].map((day) => namesOf(began, day + 10));
    expect(possible).toContainEqual(await partitionsFrom(began));
  });

  test('a message of a day without a partition is kept; that day is then left alone and later ones are made', async () => {
    const place = await world.connect(await world.addPerson('charlie'), await world.addPerson('dora'));
    const message = chatFrom(deviceOf(place.a, 0), place, 1);
    const began = today();
    const nowMs = (began + 12) * DAY_MS;
    await world.run([message], { nowMs });
    expect(await world.query('SELECT count(*) AS n FROM delivery.messages_default')).toEqual([{ n: 1 }]);
    await world.pool.query('SELECT delivery.ensure_partitions(13)');
    const possible = [began, today()].map((day) =>
      namesOf(began, day + 13).filter((name) => name !== nameOf(began + 12)),
    );
    expect(possible).toContainEqual(await partitionsFrom(began));
    expect((await world.run([message], { nowMs })).answers).toMatchObject([{ kind: 'stored', dup: true }]);
  });
});
