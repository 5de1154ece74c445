import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from '@jest/globals';
import { ROOT, rowsOf, until } from '@securechat/testkit';
import {
  accessOf,
  answerTo,
  askStatus,
  bytesOf,
  claimComplete,
  http,
  makeFile,
  offer,
  PATIENT_MS,
  putChunk,
  requestChunk,
  sendChunk,
  untilVerified,
} from '../support/files.ts';
import { openPair } from '../support/pair.ts';
import { useConstellation } from '../support/stack.ts';

const ADMIN = 'an admin token of more than 32 characters';
const stack = useConstellation({
  deliveries: 1,
  files: 1,
  env: { auth: { AUTH_ADMIN_TOKEN: ADMIN } },
});
const { test } = stack;

/** A conversation of two, and a second device of each on the wire, on different gateways. */
async function openRawPair() {
  const { alice, bob, conversation } = await openPair(stack);
  const { client: alices } = await stack.login(alice, { where: 0, device: 1 });
  const { client: bobs } = await stack.login(bob, { where: 1, device: 1 });
  return { alice, bob, alices, bobs, conversation: conversation.id };
}

test('a file goes by frames as the seed has them, in any order, and comes out the same', async () => {
  const { alice, alices, bobs, conversation } = await openRawPair();
  // a quarter of the seed's own example, which has 100 chunks
  const file = makeFile(262_144, 10_486);
  expect(await offer(alices, file, conversation)).toMatchObject({ state: 'uploading', file_id: file.id });
  expect(await bobs.next('file_offer', () => true, PATIENT_MS)).toEqual({
    type: 'file_offer',
    file_id: file.id,
    conversation_id: conversation,
    user_id: alice.id,
    file_size: 262_144,
    chunk_size: 10_486,
    total_chunks: 25,
  });

  const order = Array.from({ length: 25 }, (_, index) => (index * 7) % 25);
  // as the seed shows it: without an id
  for (const index of order) {
    alices.send('file_chunk', {
      type: 'file_chunk',
      file_id: file.id,
      chunk_index: index,
      total_chunks: 25,
      encrypted_data: file.chunk(index).toString('base64'),
    });
  }
  const stored = new Set<number | undefined>();
  while (stored.size < 25) {
    const { chunk_index } = await alices.next('file_status', () => true, PATIENT_MS);
    stored.add(chunk_index);
  }
  expect(await claimComplete(alices, file)).toMatchObject({ state: 'verifying' });
  expect(await untilVerified(alices, file)).toBe('complete');

  const received: Buffer[] = [];
  for (let index = 0; index < 25; index++) {
    const answer = await requestChunk(bobs, file.id, index);
    if (answer.type !== 'file_chunk') throw new Error(answer.error_code);
    received.push(Buffer.from(answer.encrypted_data, 'base64'));
  }
  expect(Buffer.concat(received).equals(file.bytes)).toBe(true);

  bobs.send('file_progress', {
    type: 'file_progress',
    file_id: file.id,
    bytes_received: 262_144,
    total_bytes: 262_144,
    status: 'complete',
  });
  expect(
    await alices.next('file_progress', ({ user_id }) => user_id !== undefined, PATIENT_MS),
  ).toMatchObject({
    status: 'complete',
    bytes_received: 262_144,
  });
});

test('raw bytes over HTTP and frames of the socket are one transfer, and whole or in ranges one file', async () => {
  const { alices, bobs, conversation } = await openRawPair();
  const file = makeFile(300_001, 65_600);
  await offer(alices, file, conversation);
  const access = await accessOf(alices);
  expect((await putChunk(access, file, 3)).status).toBe(204);
  expect(await sendChunk(alices, file, 0)).toMatchObject({ chunk_index: 0 });
  expect((await askStatus(alices, file.id)).files?.[0]).toMatchObject({
    bytes_received: 131_200,
    missing: [
      [1, 2],
      [4, 4],
    ],
  });
  for (const index of [1, 2, 4]) expect((await putChunk(access, file, index)).status).toBe(204);
  // again: nothing changes
  expect((await putChunk(access, file, 4)).status).toBe(204);
  const complete = await http(access, `/${file.id}/complete`, {
    method: 'POST',
    body: Buffer.from(JSON.stringify({ size: 300_001, sha256: file.sha256 })),
  });
  expect(complete.status).toBe(202);
  expect(await untilVerified(alices, file)).toBe('complete');

  const bobsAccess = await accessOf(bobs);
  const whole = await http(bobsAccess, `/${file.id}`);
  expect([whole.status, whole.headers.get('content-length')]).toEqual([200, '300001']);
  expect((await bytesOf(whole)).equals(file.bytes)).toBe(true);
  const range = await http(bobsAccess, `/${file.id}`, { headers: { range: 'bytes=65000-200000' } });
  expect([range.status, range.headers.get('content-range')]).toEqual([206, 'bytes 65000-200000/300001']);
  expect((await bytesOf(range)).equals(file.bytes.subarray(65_000, 200_001))).toBe(true);
  const last = await bytesOf(await http(bobsAccess, `/${file.id}/chunks/4`));
  expect(last.equals(file.chunk(4))).toBe(true);
});

test('an offer that tells the server what is in the file is refused, and has no effect', async () => {
  const { alices, conversation } = await openRawPair();
  alices.send('file_offer', {
    type: 'file_offer',
    file_id: 'file_abc123',
    conversation_id: conversation,
    file_size: 1_048_576,
    chunk_size: 10_486,
    total_chunks: 100,
    filename: 'document.pdf',
    mime_type: 'application/pdf',
    checksum: 'sha256_hash',
    encryption_key: 'base64_key',
  });
  expect(await answerTo(alices, 'file_abc123')).toMatchObject({ code: 1003, error_code: 'ENCRYPTION_ERROR' });
  expect(await askStatus(alices, 'file_abc123')).toMatchObject({ state: 'gone' });
});

type Limit = { name: string; used?: number; most: number; device_id?: string; is_own?: boolean };

async function admin<T>(method: string, path: string, body?: object): Promise<T> {
  const response = await fetch(`${stack.constellation.authUrl}/v1/admin/${path}`, {
    method,
    headers: { authorization: `Bearer ${ADMIN}`, ...(body && { 'content-type': 'application/json' }) },
    ...(body && { body: JSON.stringify(body) }),
  });
  expect(response.status).toBe(200);
  return (await response.json()) as T;
}

/** `node src/limits.ts`, as an operator runs it beside auth. */
async function limitsCommand(...args: string[]): Promise<string> {
  const { stores, streamPrefix } = stack.constellation;
  const { NODE_OPTIONS: _, ...inherited } = process.env;
  const env = {
    ...inherited,
    POSTGRES_URL: stores.postgresUrlFor('auth'),
    REDIS_URL: stores.redisUrlFor('auth'),
    STREAM_PREFIX: streamPrefix,
  };
  const script = join(ROOT, 'services/auth/src/limits.ts');
  return (await promisify(execFile)(process.execPath, [script, ...args], { env })).stdout.trim();
}

test('an admin sees what stands against somebody’s limits, and a quota counts from the next offer on', async () => {
  const { alice, bob, alices, conversation } = await openPair(stack);
  const { client } = await stack.login(alice, { where: 0, device: 1 });
  for (const text of ['one', 'two', 'three']) await alices.sendChat(conversation, text);
  await offer(client, makeFile(10_000, 5_000), conversation.id);

  const limitsOf = async (user: string) =>
    (await admin<{ limits: Limit[]; silent: string[] }>('GET', `accounts/${user}/limits`)).limits;
  const limitOf = async (user: string, name: string) =>
    (await limitsOf(user)).filter((limit) => limit.name === name);
  // gateways, delivery and files have announced theirs by now, or will within a second
  await until('nobody is silent', async () => {
    const { silent } = await admin<{ silent: string[] }>('GET', 'limits');
    return silent.length === 0;
  });
  expect(await limitOf(alice.id, 'storage')).toMatchObject([{ used: 10_000, most: 1_000_000_000 }]);
  expect(await limitOf(alice.id, 'files')).toMatchObject([{ used: 1, most: 10_000 }]);
  expect(await limitOf(alice.id, 'connections')).toMatchObject([{ used: 2 }]);
  const [messages] = await limitOf(alice.id, 'messages');
  expect(messages?.used).toBeGreaterThanOrEqual(3);
  // Bob's first device has fetched them, his second one was never here
  await until('three messages wait for one device of Bob', async () => {
    const waiting = await limitOf(bob.id, 'waiting_messages');
    return waiting.some(({ used = 0 }) => used >= 3);
  });

  await admin('POST', `accounts/${alice.id}/quota`, { bytes: 15_000 });
  expect(await limitOf(alice.id, 'storage')).toMatchObject([{ used: 10_000, most: 15_000, is_own: true }]);
  const second = makeFile(10_000, 5_000);
  expect(await offer(client, second, conversation.id)).toMatchObject({
    error_code: 'STORAGE_FULL',
    limit: 15_000,
  });
  const { users } = await admin<{ users: object[] }>('GET', 'quotas');
  expect(users).toContainEqual({ user_id: alice.id, used: 0, reserved: 10_000, files: 1, quota: 15_000 });
  expect(await limitsCommand('show', alice.id)).toMatch(
    /storage +10000 B of 15000 B +per user +quota of this user/,
  );
  expect(await limitsCommand('quota', alice.id, 'default')).toBe(`${alice.id} has the quota of everybody`);
  expect(await offer(client, second, conversation.id)).toMatchObject({ state: 'uploading' });
  expect(
    await rowsOf(
      stack.constellation.stores.postgresUrl,
      `SELECT l.action, l.bytes FROM auth.audit_log l JOIN auth.users u ON u.id = l.user_id
        WHERE u.ext_id = '${alice.id}' ORDER BY l.id`,
    ),
  ).toEqual([
    { action: 'set_quota', bytes: '15000' },
    { action: 'set_quota', bytes: null },
  ]);
});
