import { expect } from '@jest/globals';
import { rowsOf, until } from '@securechat/testkit';
import { accessOf, askStatus, http, makeFile, offer, putChunk } from '../support/files.ts';
import { openPair } from '../support/pair.ts';
import { useConstellation } from '../support/stack.ts';

const stack = useConstellation({
  ...{ gateways: 2, deliveries: 1, files: 1 },
  env: { files: { FILES_SWEEP_EVERY: '500ms' } },
});
const { test } = stack;

const CHUNKS = 600;
const UPLOADING_AT_ONCE = 8;
const PATIENT_MS = 60_000;

const count = async (sql: string): Promise<number> => {
  const { postgresUrl } = stack.constellation.stores;
  const [row] = await rowsOf<{ n: number }>(postgresUrl, `SELECT (${sql})::int AS n`);
  return row?.n ?? -1;
};
const bytesLeft = (): Promise<number> => count('SELECT count(*) FROM files.blobs');

test('a removal that is killed half-way has freed the room already, and is finished after the start', async () => {
  const { alice, conversation } = await openPair(stack);
  const { client } = await stack.login(alice, { device: 1 });
  const file = makeFile(CHUNKS * 4_096, 4_096);
  await offer(client, file, conversation.id);
  const access = await accessOf(client);
  for (let index = 0; index < CHUNKS; index += UPLOADING_AT_ONCE)
    await Promise.all(
      Array.from({ length: UPLOADING_AT_ONCE }, (_, offset) => putChunk(access, file, index + offset)),
    );
  expect(await bytesLeft()).toBe(CHUNKS);

  // bytes go some hundred chunks at a time; somebody's lock holds the removal up in the middle of them
  const { postgresUrl } = stack.constellation.stores;
  const holding = rowsOf(
    postgresUrl,
    `WITH held AS (SELECT 1 FROM files.blobs WHERE idx = ${CHUNKS / 2} FOR UPDATE)
     SELECT pg_sleep(60) FROM held /* ends with its session */`,
  ).catch(() => undefined);
  const lock = `SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%/* ends with its session */%' AND wait_event = 'PgSleep'`;
  await until('the lock is held', async () => (await count(lock)) === 1);
  expect((await http(access, `/${file.id}`, { method: 'DELETE' })).status).toBe(200);
  const left = await until(
    'some bytes are gone',
    async () => {
      const now = await bytesLeft();
      return now < CHUNKS && now;
    },
    PATIENT_MS,
  );
  await stack.constellation.files[0]!.kill('SIGKILL');
  expect(left).toBeGreaterThan(0);
  expect(await count('SELECT sum(used + reserved) FROM files.storage')).toBe(0);

  await rowsOf(
    postgresUrl,
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event = 'PgSleep'`,
  );
  await holding;
  // the server may end the statement that was under way, and nobody goes on after it
  expect(await bytesLeft()).toBeGreaterThan(0);
  await stack.constellation.files[0]!.restart();
  await until('all bytes are gone', async () => (await bytesLeft()) === 0, PATIENT_MS);
  await until(
    'the file is gone',
    async () => (await count('SELECT count(*) FROM files.files')) === 0,
    PATIENT_MS,
  );
  expect(await count('SELECT count(*) FROM files.chunks')).toBe(0);
  expect((await askStatus(client)).storage).toMatchObject({ used: 0, reserved: 0 });
}, 240_000);
