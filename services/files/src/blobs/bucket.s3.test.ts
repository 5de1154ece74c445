import { createServer, type Server } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { systemClock } from '@securechat/kernel';
import { until } from '@securechat/testkit';
import { finishRemoval } from '../store/removal.ts';
import type { TestBucket } from '../testing/test-bucket.ts';
import { makeFile, openWorld, type World } from '../testing/world.ts';
import { createObjectBlobs } from './blob-objects.ts';
import { createPostgresBlobs } from './blob-postgres.ts';
import { openBucket } from './bucket.ts';

let world: World;
let inBucket: TestBucket;
beforeAll(async () => {
  world = await openWorld();
  if (world.inBucket === undefined) throw new Error('npm run test:s3 runs this');
  inBucket = world.inBucket;
}, 120_000);
afterAll(() => world?.close());

const never = new AbortController().signal;
const HOURS_MS = 3600_000;
const objects = async (): Promise<string[]> => (await inBucket.contents()).map(({ name }) => name).sort();
const ledger = async (): Promise<string[]> =>
  (await world.rows<{ object: string }>('SELECT object FROM files.chunks ORDER BY object')).map(
    ({ object }) => object,
  );

/** As the service with its clock this far ahead, and with its bucket or another. */
function blobsOf({ aheadMs = 0, isForNew = true, bucket = inBucket.bucket } = {}) {
  const { pool, logger } = world;
  const inPostgres = createPostgresBlobs(pool, { hasBucket: true });
  const clock = { ...systemClock, now: () => systemClock.now() + aheadMs };
  return createObjectBlobs({ pool, bucket, inPostgres, isForNew, clock, logger });
}

async function uploading(size = 9_000) {
  const file = makeFile(size);
  await world.offer(file);
  const row = await world.files.findOwn(world.alice.user, file.id);
  if (!row) throw new Error('the offer was not kept');
  return { file, id: row.id };
}

describe('the bucket', () => {
  test('a chunk that comes twice at once is stored once, and never written over', async () => {
    const { file } = await uploading();
    await Promise.all([0, 0, 0, 1, 2].map((index) => world.put(file, index)));
    expect(await objects()).toEqual(await ledger());
    expect(await objects()).toHaveLength(3);
    const before = await objects();
    await world.put(file, 0);
    expect(await objects()).toEqual(before);
    await world.handlers.cancel({ kind: 'cancel', ...world.alice, file_id: file.id });
    await world.life.stop();
    expect(await objects()).toEqual([]);
  });

  test('what a process left that died before it had recorded it is deleted when it is old, and nothing else', async () => {
    const { file, id } = await uploading();
    await world.put(file, 0);
    const kept = await objects();
    const died = blobsOf().put({ file: id, index: 1 }, world.chunkOf(file, 1), async () => {
      throw new Error('killed');
    });
    await expect(died).rejects.toThrow('killed');
    await inBucket.bucket.put('somebody/elses', Buffer.from('x'));
    expect(await objects()).toHaveLength(3);
    expect(await blobsOf({ aheadMs: HOURS_MS }).removeOrphans(never)).toBe(0);
    expect(await blobsOf({ aheadMs: 3 * HOURS_MS }).removeOrphans(never)).toBe(1);
    expect(await objects()).toEqual([...kept, 'somebody/elses']);
    await inBucket.bucket.remove('somebody/elses');
    await world.handlers.cancel({ kind: 'cancel', ...world.alice, file_id: file.id });
    await world.life.stop();
  });

  test('a removal that died between the bucket and the ledger is finished by whoever comes to it', async () => {
    const { file, id } = await uploading(20_000);
    for (let index = 0; index < file.chunks; index++) await world.put(file, index);
    const { bucket } = inBucket;
    let removed = 0;
    const mortal = {
      ...bucket,
      async remove(name: string) {
        if (++removed > 2) throw new Error('killed');
        await bucket.remove(name);
      },
    };
    await world.rows(`UPDATE files.files SET state = 'removing' WHERE id = $1`, [id]);
    await world.rows('UPDATE files.storage SET reserved = 0, files = 0 WHERE user_id = $1', [
      world.alice.user,
    ]);
    await expect(finishRemoval(world.pool, blobsOf({ bucket: mortal }), id)).rejects.toThrow('killed');
    await until('two objects are gone', async () => (await objects()).length === 3);
    expect(await ledger()).toHaveLength(5);
    await finishRemoval(world.pool, blobsOf(), id);
    expect([await objects(), await ledger()]).toEqual([[], []]);
  });

  test('chunks stay where they were when new ones go elsewhere, both ways', async () => {
    const { file, id } = await uploading();
    const { pool } = world;
    const writers = [createPostgresBlobs(pool), blobsOf(), blobsOf({ isForNew: false })];
    for (const [index, blobs] of writers.entries()) {
      const record = async (db: { query: typeof pool.query }, object: string | null) => {
        await db.query(
          `INSERT INTO files.chunks (file_id, idx, len, sha256, object) VALUES ($1, $2, 1, $3, $4)`,
          [id, index, Buffer.alloc(32), object],
        );
        return true;
      };
      await blobs.put({ file: id, index }, world.chunkOf(file, index), record as never);
    }
    const { rows } = await pool.query<{ idx: number; object: string | null }>(
      'SELECT idx, object FROM files.chunks WHERE file_id = $1 ORDER BY idx',
      [id],
    );
    expect(rows.map(({ object }) => object === null)).toEqual([true, false, true]);
    for (const { idx: index, object } of rows)
      expect((await blobsOf().get({ file: id, index, object })).equals(world.chunkOf(file, index))).toBe(
        true,
      );
    // a process without a bucket must not delete the rows and leave the objects
    await expect(createPostgresBlobs(pool).remove(id)).rejects.toThrow('FILES_S3_ENDPOINT');
    await world.handlers.cancel({ kind: 'cancel', ...world.alice, file_id: file.id });
    await world.life.stop();
    expect([await objects(), await ledger(), await world.storedBytes()]).toEqual([[], [], 0]);
  });
});

describe('a bucket that cannot be used', () => {
  test('is told at the start when it is not there or the key is another', async () => {
    const { options } = inBucket;
    for (const wrong of [{ bucket: 'not-there-at-all' }, { secretKey: 'another' }]) {
      const bucket = await openBucket({ ...options, ...wrong });
      const failure = await bucket.check(world.logger).catch((error: Error) => error.message);
      expect(failure).toMatch(/cannot be used: HTTP 40[34]\. .*FILES_S3_/);
      expect(failure).not.toContain(options.secretKey);
      bucket.close();
    }
  });

  test('because its server says nothing is given up within its deadline, and is no reason not to start', async () => {
    const server: Server = createServer(() => undefined).listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const { port } = server.address() as { port: number };
    const bucket = await openBucket({ ...inBucket.options, endpoint: `http://127.0.0.1:${port}` });
    const startedMs = performance.now();
    await expect(bucket.put('1/1-x', Buffer.from('x'))).rejects.toThrow('the bucket did not do it');
    expect(performance.now() - startedMs).toBeLessThan(15_000);
    await bucket.check(world.logger);
    bucket.close();
    server.close();
  }, 60_000);
});
