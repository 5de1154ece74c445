import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { openPool } from '@securechat/kernel';
import { type OrderedRecord, packEntry, partitionOf, unpackEntry } from '@securechat/protocol/internal';
import { openTestRedis, type TestRedis } from '@securechat/testkit';
import type { Pool } from 'pg';
import { openGateway, PARTITIONS, type TestGateway } from '../testing/gateway.ts';
import { type Account, chatFrom, deviceOf, type Place } from '../testing/records.ts';
import { openWorld, type World } from '../testing/world.ts';
import { dropLetter, findLetter, listLetters, replayLetter } from './letters.ts';
import { tellLetter, tellLetters } from './tell.ts';

/** Spawning a process takes seconds on a busy machine. */
const SLOW_MS = 120_000;

let world: World;
let redis: TestRedis;
let gateway: TestGateway;
let owner: Pool;
let place: Place;
let alice: Account;

beforeAll(async () => {
  [world, redis] = await Promise.all([openWorld(), openTestRedis()]);
  owner = openPool(world.ownerUrl, { applicationName: 'test-letters', max: 2 });
  gateway = await openGateway(redis);
  alice = await world.addPerson('alice');
  place = await world.connect(alice, await world.addPerson('bob'));
}, SLOW_MS);
afterAll(async () => {
  await owner?.end();
  await redis?.close();
  await world?.close();
});

async function park(stream: string, payload: Uint8Array): Promise<string> {
  const [row] = await world.query<{ id: number }>(
    `INSERT INTO delivery.dead_letters (stream, entry_id, reason, payload) VALUES ($1, '7-1', 'no sense', $2) RETURNING id`,
    [stream, Buffer.from(payload)],
  );
  return String(row?.id);
}
const listed = async (): Promise<string> => tellLetters(await listLetters(owner));

test('a letter is listed and shown without content and people, and dropped', async () => {
  expect(await listed()).toBe('There are no dead letters.');
  const message = chatFrom(deviceOf(alice, 0), place, 1, { id: 'm_shown' });
  const id = await park('sc:x', packEntry([message.value]));
  expect(await listed()).toMatch(new RegExp(`^${id}  \\S+  sc:x  7-1  \\d+ bytes  no sense$`));
  const shown = tellLetter(await findLetter(owner, id));
  expect(shown).toContain(`record: chat, message m_shown, conversation ${place.conversation}, user number`);
  for (const secret of ['alice', 'bob', Buffer.from(message.value.body).toString().slice(0, 20)])
    expect(shown).not.toContain(secret);
  await expect(replayLetter(owner, redis.redis, id, gateway.streams.ordered)).rejects.toThrow('no stream of');

  const noise = await park('sc:x', Buffer.from('noise'));
  expect(tellLetter(await findLetter(owner, noise))).toContain('5 bytes that are no records of this release');
  for (const each of [id, noise]) await dropLetter(owner, each);
  await expect(findLetter(owner, id)).rejects.toThrow('There is no dead letter');
  await expect(dropLetter(owner, id)).rejects.toThrow('There is no dead letter');
});

test(
  'the command shows them to the owner of the tables',
  async () => {
    const id = await park('sc:y', Buffer.from('noise'));
    const script = join(import.meta.dirname, '../dead-letters.ts');
    const { stdout } = await promisify(execFile)(process.execPath, [script, 'list'], {
      env: { ...process.env, NODE_OPTIONS: '', POSTGRES_URL: world.ownerUrl, REDIS_URL: redis.url },
    });
    expect(stdout).toMatch(new RegExp(`^${id}  .* sc:y  7-1  5 bytes  no sense\n$`));
    await dropLetter(owner, id);
  },
  SLOW_MS,
);

test('one that is replayed takes effect as if it had just come, and once, and is a letter no more', async () => {
  const message = chatFrom(deviceOf(alice, 0), place, 1, { id: 'm_replayed' });
  const stream = gateway.streams.ordered[partitionOf(place.conversation, PARTITIONS)] ?? '';
  for (const dup of [false, true]) {
    const id = await park(stream, packEntry([message.value]));
    expect(await replayLetter(owner, redis.redis, id, gateway.streams.ordered)).toBe(stream);
    const [entry] = await redis.redis.xrevrangeBuffer(stream, '+', '-', 'COUNT', 1);
    const [entryId = Buffer.alloc(0), [, bytes = Buffer.alloc(0)] = []] = entry ?? [];
    const records = unpackEntry<OrderedRecord>(bytes).map((value) => ({
      stream,
      entryId: entryId.toString(),
      value,
    }));
    const { answers } = await world.run(records);
    expect(answers).toMatchObject([{ kind: 'stored', ref: 'm_replayed', dup }]);
    expect(await listed()).toBe('There are no dead letters.');
  }
});
