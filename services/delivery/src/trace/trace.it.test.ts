import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { openTestRedis, type TestRedis } from '@securechat/testkit';
import { openGateway, PARTITIONS, type TestGateway } from '../testing/gateway.ts';
import { type Account, ackFrom, chatFrom, deviceOf, type Place } from '../testing/records.ts';
import { openWorld, type World } from '../testing/world.ts';
import { lookUp } from './look-up.ts';
import { tell } from './tell.ts';

let world: World;
let redis: TestRedis;
let gateway: TestGateway;
let place: Place;
let a: Account;
let b: Account;

beforeAll(async () => {
  [world, redis] = await Promise.all([openWorld(), openTestRedis()]);
  gateway = await openGateway(redis);
  [a, b] = [await world.addPerson('alice'), await world.addPerson('bob')];
  place = await world.connect(a, b);
});
afterAll(async () => {
  await redis?.close();
  await world?.close();
});

const whereIs = async (id: string, at = new Date()): Promise<string[]> =>
  tell(await lookUp(id, { pool: world.pool, redis: redis.redis, streams: gateway.streams }), at);
const NOT_LOOKED_AT = expect.stringMatching(/^dead letters were not looked at/);

test('a message is followed from the stream to the last acknowledgement', async () => {
  const message = chatFrom(deviceOf(a, 0), place, 1, { id: 'm_followed' });
  expect(await whereIs('m_followed')).toEqual([expect.stringMatching(/^not here/), NOT_LOOKED_AT]);

  await gateway.send(message);
  expect(await whereIs('m_followed')).toEqual([
    expect.stringMatching(/^under way: in .*:in, not taken up/),
    NOT_LOOKED_AT,
  ]);

  await world.run([message]);
  const [stored] = await whereIs('m_followed');
  // alice's other device and both of bob's
  expect(stored).toMatch(
    /^stored: .*conversation c_\S+, conv_seq 2; 3 devices have not acknowledged it; content is there$/,
  );

  const mailbox = await world.mailbox(deviceOf(b, 0));
  await world.run([ackFrom(deviceOf(b, 0), mailbox.at(-1)?.seq ?? 0)]);
  expect((await whereIs('m_followed'))[0]).toMatch(/2 devices have not acknowledged it/);
});

test('one that has expired says so', async () => {
  const expiry = Math.floor(Date.now() / 1000) + 3_600;
  await world.run([chatFrom(deviceOf(a, 0), place, 2, { id: 'm_short', expires_at: expiry })]);
  expect((await whereIs('m_short'))[0]).toMatch(/; expires /);
  expect((await whereIs('m_short', new Date((expiry + 1) * 1_000)))[0]).toMatch(/; expired /);
});

test('the owner sees dead letters, by the command', async () => {
  await world.query(
    `INSERT INTO delivery.dead_letters (stream, entry_id, reason, payload) VALUES ('s', '7-1', 'no sense', convert_to('{"id":"m_dead"}', 'UTF8'))`,
  );
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [join(import.meta.dirname, '../where.ts'), 'm_dead'],
    {
      env: {
        ...process.env,
        NODE_OPTIONS: '',
        POSTGRES_URL: world.ownerUrl,
        REDIS_URL: redis.url,
        STREAM_PREFIX: redis.prefix,
        STREAM_PARTITIONS: String(PARTITIONS),
      },
    },
  );
  expect(stdout).toMatch(/^dead letter: entry 7-1 of s at \S+: no sense\. Its sender was told 1000\n$/);
});
