import { createHash } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { signingKeyFromSeed, verifySignature } from '@securechat/crypto/sign';
import { migrateToLatest } from '@securechat/kernel';
import {
  KEY_LOG_ENTRIES,
  KEY_LOG_ENTRY_BYTES,
  type KeyLogHead,
  keyLogCover,
  keyLogEntry,
  keyLogLabel,
  type SignedDeviceList,
  transcript,
} from '@securechat/protocol';
import { listHash } from './enrolment/check-list.ts';
import { migrations } from './migrations/index.ts';
import { type AuthProcess, startAuthProcess } from './testing/auth-process.ts';
import { openTestGateway, type TestGateway } from './testing/gateway.ts';
import {
  authorize,
  base64,
  createDevice,
  createPerson,
  firstList,
  nextList,
  prove,
} from './testing/lists.ts';
import { createOwnDatabase, type OwnDatabase } from './testing/own-database.ts';

const SEED = Buffer.alloc(32, 42);
let database: OwnDatabase;
let gateway: TestGateway;
let auths: AuthProcess[] = [];

beforeAll(async () => {
  [database, gateway] = await Promise.all([createOwnDatabase(), openTestGateway()]);
  const start = () =>
    startAuthProcess({
      POSTGRES_URL: database.url,
      REDIS_URL: process.env.TEST_REDIS_URL ?? '',
      STREAM_PREFIX: gateway.prefix,
      AUTH_SERVICE_KEY: base64(SEED),
      AUTH_ENROLMENTS_PER_MINUTE: '1000',
    });
  auths = await Promise.all([start(), start()]);
}, 60_000);
afterAll(async () => {
  await Promise.all(auths.map((auth) => auth.end('SIGKILL')));
  await gateway?.close();
  await database?.drop();
});

async function ask<T>(body: unknown): Promise<T> {
  const reply = await gateway.ask(body);
  if (!reply) throw new Error(`no reply; the log says:\n${auths.map((auth) => auth.log()).join('\n')}`);
  return JSON.parse(reply.toString()) as T;
}
type Page = { head: KeyLogHead; entries: string };
const page = (from = 0): Promise<Page> => ask({ kind: 'key_log', from });

async function enrol(): Promise<SignedDeviceList> {
  const [person, device] = [createPerson(), createDevice()];
  const list = firstList(person, device);
  const auth = auths[Math.floor(Math.random() * auths.length)]!;
  const response = await fetch(`${auth.httpUrl}/v1/accounts`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ list, proof: prove(list, device) }),
  });
  expect(response.status).toBe(201);
  return list;
}

/** An independent implementation of what the database does: RFC 6962, 2.1. */
const sha256 = (...parts: Uint8Array[]): Buffer =>
  parts.reduce((hash, part) => hash.update(part), createHash('sha256')).digest();
function rootOf(entries: readonly Uint8Array[]): Buffer {
  const [first, second] = entries;
  if (!first) return sha256();
  if (!second) return sha256(Buffer.of(0), first);
  let half = 1;
  while (half * 2 < entries.length) half *= 2;
  return sha256(Buffer.of(1), rootOf(entries.slice(0, half)), rootOf(entries.slice(half)));
}
const split = (text: string, length: number): Buffer[] => {
  const bytes = Buffer.from(text, 'base64');
  return Array.from({ length: bytes.length / length }, (_, index) =>
    bytes.subarray(index * length, (index + 1) * length),
  );
};
const entryOf = (list: SignedDeviceList): Buffer =>
  Buffer.from(
    keyLogEntry(sha256(keyLogLabel(list.user_id)), {
      sha256: listHash(list),
      previous_sha256: list.previous_sha256,
    }),
  );
async function wholeLog(): Promise<{ head: KeyLogHead; entries: Buffer[] }> {
  const entries: Buffer[] = [];
  for (;;) {
    const { head, entries: more } = await page(entries.length);
    entries.push(...split(more, KEY_LOG_ENTRY_BYTES));
    if (entries.length === head.size) return { head, entries };
  }
}
const expectRoot = (head: KeyLogHead, entries: readonly Buffer[]) =>
  expect(head.root).toBe(rootOf(entries).toString('base64'));

test('what many enrol at once over two processes stands in the log once, and it comes to the root that is signed', async () => {
  const lists: SignedDeviceList[] = [];
  for (let round = 0; round < 6; round++) {
    lists.push(...(await Promise.all(Array.from({ length: 12 }, enrol))));
    const { head, entries } = await wholeLog();
    expectRoot(head, entries);
  }
  const { head, entries } = await wholeLog();
  const hex = entries.map((entry) => entry.toString('hex'));
  for (const list of lists)
    expect(hex.filter((entry) => entry === entryOf(list).toString('hex'))).toHaveLength(1);
  const { signature, ...facts } = head;
  const serviceKey = signingKeyFromSeed(SEED).publicKey;
  expect(verifySignature(serviceKey, transcript('kt-head', facts), Buffer.from(signature, 'base64'))).toBe(
    true,
  );
});

test('a next list is logged with the one before; what is repeated or refused is not', async () => {
  const [person, first, second] = [createPerson(), createDevice(), createDevice()];
  const list = firstList(person, first);
  const next = nextList(person, list, second);
  const post = async (path: string, body: object) =>
    (
      await fetch(`${auths[0]!.httpUrl}${path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      })
    ).status;
  const before = (await page()).head.size;
  const create = () => post('/v1/accounts', { list, proof: prove(list, first) });
  const link = () =>
    post(`/v1/accounts/${person.id}/devices`, {
      list: next,
      proof: prove(next, second),
      authorization: authorize(next, first, second),
    });
  expect([await create(), await create(), await link(), await link()]).toEqual([201, 200, 201, 200]);
  const other = firstList(person, second);
  expect(await post('/v1/accounts', { list: other, proof: prove(other, second) })).toBe(409);
  const { entries } = await page(before);
  expect(split(entries, KEY_LOG_ENTRY_BYTES)).toEqual([entryOf(list), entryOf(next)]);
});

test('a list is proved to be in the log, and a log to have only grown, at any size', async () => {
  const list = await enrol();
  await Promise.all(Array.from({ length: 5 }, enrol));
  const { head, entries } = await wholeLog();
  const wanted = { user_id: list.user_id, sha256: listHash(list).toString('base64') };
  const hashesAt = (nodes: ReturnType<typeof keyLogCover>) =>
    nodes.map(({ level, position }) =>
      rootOf(entries.slice(position * 2 ** level, (position + 1) * 2 ** level)),
    );
  for (const size of [head.size, head.size - 1, head.size - 3]) {
    const found = await ask<{ position: number; hashes: string }>({
      ...{ kind: 'key_log_proof', size, list: wanted },
    });
    expect(entries[found.position]).toEqual(entryOf(list));
    const beside = [...keyLogCover(0, found.position), ...keyLogCover(found.position + 1, size)];
    expect(split(found.hashes, 32)).toEqual(found.position < size ? hashesAt(beside) : []);
    for (const first of [0, 1, 7, size]) {
      const { hashes } = await ask<{ hashes: string }>({ kind: 'key_log_proof', size, first });
      expect(split(hashes, 32)).toEqual(hashesAt([...keyLogCover(0, first), ...keyLogCover(first, size)]));
    }
  }
  const unknown = { ...wanted, user_id: 'nobody' };
  expect(await ask({ kind: 'key_log_proof', size: head.size, list: unknown })).toEqual({
    ok: true,
    hashes: '',
  });
});

test('what no log can answer is refused', async () => {
  const { size } = (await page()).head;
  const list = { user_id: 'somebody', sha256: base64(Buffer.alloc(32)) };
  for (const [path, question] of [
    ['/size', { size: size + 1, first: 1 }],
    ['/first', { size, first: size + 1 }],
    ['/list', { size }],
    ['/list', { size, list, first: 1 }],
  ] as const)
    expect(await ask({ kind: 'key_log_proof', ...question })).toEqual({
      ok: false,
      error: 'INVALID_MESSAGE_FORMAT',
      detail: { path },
    });
  expect((await page(Number.MAX_SAFE_INTEGER)).entries).toBe('');
});

test('one answer tells as much as fits, and a page begins where it is asked for', async () => {
  while ((await page()).head.size <= KEY_LOG_ENTRIES) await Promise.all(Array.from({ length: 24 }, enrol));
  expect(split((await page()).entries, KEY_LOG_ENTRY_BYTES)).toHaveLength(KEY_LOG_ENTRIES);
  const [, second] = split((await page()).entries, KEY_LOG_ENTRY_BYTES);
  expect(split((await page(1)).entries, KEY_LOG_ENTRY_BYTES)[0]).toEqual(second);
}, 60_000);

test('nobody who serves changes the log, or stores a list beside it', async () => {
  for (const sql of [
    'DELETE FROM auth.key_log_entries',
    `UPDATE auth.key_log_nodes SET hash = ''`,
    'UPDATE auth.key_log_head SET size = 0',
    'INSERT INTO auth.key_log_entries SELECT position + 1000000, label, list_sha256, previous_sha256 FROM auth.key_log_entries',
    `SELECT auth.key_log_append('somebody', '', '')`,
    'ALTER TABLE auth.device_lists DISABLE TRIGGER ALL',
    'DROP TRIGGER key_log_take ON auth.device_lists',
    `UPDATE auth.device_lists SET sha256 = ''`,
    `UPDATE auth.devices SET public_key = ''`,
  ])
    await expect(database.query(sql, [], 'securechat_auth')).rejects.toThrow(
      /permission denied|must be owner/,
    );
});

test('lists that were there before the log are in it', async () => {
  const old = await createOwnDatabase('empty');
  try {
    const before = Object.fromEntries(Object.entries(migrations).filter(([name]) => name < '0005_key_log'));
    await migrateToLatest({ url: old.url, service: 'auth', migrations: before, print: () => {} });
    const [person, first, second] = [createPerson(), createDevice(), createDevice()];
    const list = firstList(person, first);
    const lists = [list, nextList(person, list, second)];
    const [user] = await old.query<{ id: number }>(
      'INSERT INTO auth.users (ext_id, account_key) VALUES ($1, $2) RETURNING id',
      [person.id, person.accountKey.publicKey],
    );
    for (const each of lists)
      await old.query(
        'INSERT INTO auth.device_lists (user_id, version, list, sha256) VALUES ($1, $2, $3, $4)',
        [user!.id, each.version, JSON.stringify(each), listHash(each)],
      );
    await migrateToLatest({ url: old.url, service: 'auth', migrations, print: () => {} });
    const [head] = await old.query<{ size: string; root: Buffer }>(
      'SELECT size, root FROM auth.key_log_head',
    );
    expect(head).toEqual({ size: '2', root: rootOf(lists.map(entryOf)) });
  } finally {
    await old.drop();
  }
});
