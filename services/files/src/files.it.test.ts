import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { until } from '@securechat/testkit';
import { reconcile } from './jobs/reconcile.ts';
import { sweep } from './jobs/sweep.ts';
import { makeFile, openWorld, QUOTA, type TestFile, type World } from './testing/world.ts';

/** The first test of a run creates the tables of all services. */
const START_DEADLINE_MS = 120_000;

let world: World;
beforeAll(async () => {
  world = await openWorld();
}, START_DEADLINE_MS);
afterAll(() => world?.close());

const never = new AbortController().signal;
const refusal = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'nothing was refused',
    (error: { error?: string }) => error.error ?? String(error),
  );
const downloads = (file: TestFile, by = world.bob) => world.reader.open(by.user, file.id);
const cancel = (file: TestFile, by = world.alice) =>
  world.handlers.cancel({ kind: 'cancel', ...by, file_id: file.id });

/** What the disk holds, and what the ledger says about it. */
async function diskAndLedger(): Promise<{ disk: number; chunks: number; received: number; settled: number }> {
  const [row] = await world.rows<{ chunks: number; received: number; settled: number }>(
    `SELECT (SELECT coalesce(sum(len), 0) FROM files.chunks) AS chunks,
            (SELECT coalesce(sum(received), 0) FROM files.files) AS received,
            (SELECT coalesce(sum(used), 0) FROM files.storage) AS settled`,
  );
  if (!row) throw new Error('no answer');
  return {
    disk: await world.storedBytes(),
    chunks: Number(row.chunks),
    received: Number(row.received),
    settled: Number(row.settled),
  };
}

describe('an offer', () => {
  test('reserves what it says and admits the members of that moment, once however often it comes', async () => {
    const file = makeFile(10_000);
    const before = await world.storageOf();
    const first = await world.offer(file);
    expect(first).toMatchObject({ state: 'uploading', files: [{ bytes_received: 0, missing: [[0, 2]] }] });
    expect(await world.offer(file)).toMatchObject({ state: 'uploading' });
    expect(await world.storageOf()).toEqual({ ...before, reserved: before.reserved + 10_000 });
    expect(world.told.filter(({ type }) => type === 'file_offer')).toHaveLength(1);
    expect(world.told.at(-1)).toMatchObject({ users: [world.bob.user], message: { user_id: 'alice' } });
    await cancel(file);
    expect(await world.storageOf()).toEqual(before);
  });

  test('of another file under an id that is taken is refused', async () => {
    const file = makeFile(10_000);
    await world.offer(file);
    expect(await refusal(world.offer({ ...makeFile(9_000), id: file.id }))).toBe('ID_REUSED');
    expect(await refusal(world.offer(file, world.bob))).toBe('ID_REUSED');
    await cancel(file);
  });

  test('to a conversation that is not the sender’s, or where one has blocked the other, is refused', async () => {
    const left = `SELECT count(*) FROM files.files WHERE state <> 'removing'`;
    const before = await world.rows(left);
    expect(await refusal(world.offer(makeFile(10), world.eve))).toBe('PERMISSION_DENIED');
    const toBlocked = {
      kind: 'offer',
      ...world.carol,
      file_id: 'f_blocked',
      conversation_id: world.blocked,
      file_size: 10,
      chunk_size: 10,
      total_chunks: 1,
    } as const;
    expect(await refusal(world.handlers.offer(toBlocked))).toBe('PERMISSION_DENIED');
    expect(await world.rows(left)).toEqual(before);
  });

  test('whose numbers do not agree, or that would cut a file into crumbs, is refused', async () => {
    expect(await refusal(world.offer({ ...makeFile(10_000), chunks: 4 }))).toBe('INVALID_MESSAGE_FORMAT');
    expect(await refusal(world.offer(makeFile(10_000, 1_000)))).toBe('INVALID_MESSAGE_FORMAT');
  });
});

test('parallel offers meet the quota to the byte', async () => {
  const { used, reserved } = await world.storageOf();
  expect([used, reserved]).toEqual([0, 0]);
  // twenty at once, of which exactly ten fit
  const files = Array.from({ length: 20 }, () => makeFile(QUOTA / 10, 65_536));
  const outcomes = await Promise.all(files.map((file) => refusal(world.offer(file))));
  expect(outcomes.filter((outcome) => outcome === 'nothing was refused')).toHaveLength(10);
  expect(outcomes.filter((outcome) => outcome === 'STORAGE_FULL')).toHaveLength(10);
  expect(await world.storageOf()).toEqual({ used: 0, reserved: QUOTA });
  expect(await refusal(world.offer(makeFile(1)))).toBe('STORAGE_FULL');

  const [taken] = files.filter((_, index) => outcomes[index] === 'nothing was refused');
  await cancel(taken as TestFile);
  expect(await refusal(world.offer(makeFile(QUOTA / 10 + 1, 65_536)))).toBe('STORAGE_FULL');
  const fits = makeFile(QUOTA / 10, 65_536);
  await world.offer(fits);
  expect(await world.storageOf()).toEqual({ used: 0, reserved: QUOTA });
  for (const file of [...files, fits]) await cancel(file);
  expect(await world.storageOf()).toEqual({ used: 0, reserved: 0 });
});

test('a quota of the user’s own counts in place of that of all, from the next offer on', async () => {
  const [first, second] = [makeFile(QUOTA / 2, 65_536), makeFile(QUOTA / 2, 65_536)];
  await world.offer(first);
  const give = (bytes: number | null) =>
    world.rows('SELECT files.set_quota($1, $2)', [world.alice.user, bytes]);
  await give(QUOTA - 1);
  const refused = world.offer(second);
  await expect(refused).rejects.toMatchObject({ error: 'STORAGE_FULL', detail: { limit: QUOTA - 1 } });
  await give(null);
  await world.offer(second);
  expect(await refusal(world.offer(makeFile(1)))).toBe('STORAGE_FULL');
  for (const file of [first, second]) await cancel(file);
});

describe('a chunk', () => {
  test('comes in any order and as often as it likes, also at the same time, and counts once', async () => {
    const file = makeFile(20_000);
    await world.offer(file);
    const order = [4, 0, 2, 2, 1, 3, 0, 4];
    await Promise.all(order.map((index) => world.put(file, index)));
    expect((await world.files.findOwn(world.alice.user, file.id))?.received).toBe(20_000);
    const { disk, chunks, received } = await diskAndLedger();
    expect([disk, chunks]).toEqual([received, received]);
    await cancel(file);
  });

  test('of other bytes under the same number is refused, and the first ones stay', async () => {
    const file = makeFile(8_192);
    await world.offer(file);
    await world.put(file, 0);
    expect(await refusal(world.put(file, 0, Buffer.alloc(4_096, 7)))).toBe('ID_REUSED');
    await world.put(file, 1);
    await world.claim(file);
    await until(
      'the file is verified',
      async () => (await downloads(file).catch(() => undefined)) !== undefined,
    );
    expect((await world.reader.read(await downloads(file), 0)).equals(world.chunkOf(file, 0))).toBe(true);
    await cancel(file);
  });

  test('that is too long, beyond the end, empty, or somebody else’s is refused', async () => {
    const file = makeFile(10_000);
    await world.offer(file);
    const wrong = [
      world.put(file, 0, Buffer.alloc(4_097)),
      world.put(file, 2, Buffer.alloc(10_000 - 8_192 + 1)),
      world.put(file, 3, Buffer.alloc(1)),
      world.put(file, 0, Buffer.alloc(0)),
    ];
    for (const put of wrong) expect(await refusal(put)).toBe('INVALID_MESSAGE_FORMAT');
    expect(await refusal(world.put(file, 0, undefined, world.bob))).toBe('PERMISSION_DENIED');
    await cancel(file);
    expect(await refusal(world.put(file, 0))).toBe('PERMISSION_DENIED');
  });
});

describe('a file is complete', () => {
  test('only after the hash of all its bytes was compared; then its room is settled', async () => {
    const file = makeFile(10_000);
    await world.offer(file);
    for (const index of [0, 2]) await world.put(file, index);
    expect(await refusal(world.claim(file))).toBe('FILE_INCOMPLETE');
    expect(await refusal(downloads(file))).toBe('FILE_INCOMPLETE');
    await world.put(file, 1);
    // all bytes are there but not verified: nobody may have it yet
    expect(await refusal(downloads(file))).toBe('FILE_INCOMPLETE');
    expect(await world.claim(file)).toMatchObject({ state: 'verifying' });
    await until(
      'the file is verified',
      async () => (await downloads(file).catch(() => undefined)) !== undefined,
    );
    expect(await world.storageOf()).toEqual({ used: 10_000, reserved: 0 });
    expect(await world.claim(file)).toMatchObject({ state: 'complete' });
    expect(await refusal(world.claim(file, { size: 9_999 }))).toBe('FILE_CORRUPT');
    await cancel(file);
  });

  test('not when the hash is another: it is told, and may be put right or taken back', async () => {
    const file = makeFile(10_000);
    await world.offer(file);
    for (const index of [0, 1, 2]) await world.put(file, index);
    const seen = world.verdicts.length;
    await world.claim(file, { sha256: Buffer.alloc(32, 1).toString('base64') });
    await until('there is a verdict', () => world.verdicts.length > seen);
    expect(world.verdicts.at(-1)?.isGenuine).toBe(false);
    expect(await refusal(downloads(file))).toBe('FILE_INCOMPLETE');
    expect(await world.storageOf()).toEqual({ used: 0, reserved: 10_000 });
    await cancel(file);
  });

  test('also with less than was offered, and then only that counts', async () => {
    const file = makeFile(8_192);
    // the source turned out shorter than its owner had thought
    await world.offer({ ...file, bytes: Buffer.alloc(100_000), chunks: 25 });
    for (const index of [0, 1]) await world.put(file, index);
    await world.claim(file);
    await until(
      'the file is verified',
      async () => (await downloads(file).catch(() => undefined)) !== undefined,
    );
    expect(await world.storageOf()).toEqual({ used: 8_192, reserved: 0 });
    expect(
      (await world.handlers.status({ kind: 'status', ...world.bob, file_id: file.id })).files,
    ).toMatchObject([{ file_size: 8_192, total_chunks: 2, sha256: file.sha256 }]);
    await cancel(file);
  });
});

describe('a download', () => {
  test('is for those who were admitted, until they decline or it is taken back', async () => {
    const file = makeFile(5_000);
    await world.upload(file);
    for (const by of [world.alice, world.bob])
      expect((await world.reader.read(await downloads(file, by), 1)).equals(world.chunkOf(file, 1))).toBe(
        true,
      );
    expect(await refusal(downloads(file, world.eve))).toBe('PERMISSION_DENIED');
    expect(await refusal(downloads({ ...file, id: 'file_of_nobody' }, world.eve))).toBe('PERMISSION_DENIED');
    expect(await world.handlers.status({ kind: 'status', ...world.eve, file_id: file.id })).toMatchObject({
      state: 'gone',
    });
    await world.handlers.decline({ kind: 'decline', ...world.bob, file_id: file.id });
    expect(world.told.at(-1)).toMatchObject({ users: [world.alice.user], type: 'file_decline' });
    expect(await refusal(downloads(file))).toBe('PERMISSION_DENIED');
    // nobody else can withdraw it, or learns whether it exists
    expect(await cancel(file, world.bob)).toEqual({ file_id: file.id, state: 'gone' });
    expect((await downloads(file, world.alice)).state).toBe('complete');
    await cancel(file);
    expect(await refusal(downloads(file, world.alice))).toBe('PERMISSION_DENIED');
  });
});

test('a user sees what counts, page by page, and frees it', async () => {
  const files = Array.from({ length: 23 }, () => makeFile(100));
  for (const file of files) await world.offer(file);
  const first = await world.handlers.status({ kind: 'status', ...world.alice });
  expect(first).toMatchObject({ more: true, storage: { used: 0, reserved: 2_300, limit: QUOTA } });
  const after = first.files?.at(-1)?.file_id;
  const second = await world.handlers.status({ kind: 'status', ...world.alice, after });
  expect(second.more).toBe(false);
  const listed = [...(first.files ?? []), ...(second.files ?? [])].map((file) => file.file_id);
  expect(listed).toEqual(files.map((file) => file.id).sort());
  for (const file of files) await cancel(file);
  expect((await world.handlers.status({ kind: 'status', ...world.alice })).storage).toMatchObject({
    reserved: 0,
  });
});

describe('the sweep', () => {
  const parts = () => ({ ...world, logger: world.logger });

  test('ends what is over, finishes what a dead process had begun, and leaves disk equal to ledger', async () => {
    const [unfinished, expired, kept, halfRemoved] = Array.from({ length: 4 }, () => makeFile(9_000)) as [
      TestFile,
      TestFile,
      TestFile,
      TestFile,
    ];
    await world.offer(unfinished);
    await world.put(unfinished, 0);
    for (const file of [expired, kept, halfRemoved]) await world.upload(file);
    await world.rows(
      `UPDATE files.files SET expires_at = now() - interval '1 second' WHERE ext_id = ANY($1)`,
      [[unfinished.id, expired.id]],
    );
    // as if the process had been killed between the end of the file and the deletion of its bytes
    await world.rows(
      `WITH ended AS (UPDATE files.files SET state = 'removing' WHERE ext_id = $1 RETURNING owner_id, size)
       UPDATE files.storage s SET used = used - e.size, files = files - 1 FROM ended e WHERE s.user_id = e.owner_id`,
      [halfRemoved.id],
    );
    await sweep(parts(), never);
    await world.life.stop();
    expect(
      (await world.rows<{ ext_id: string }>('SELECT ext_id FROM files.files')).map((row) => row.ext_id),
    ).toEqual([kept.id]);
    expect(await diskAndLedger()).toEqual({ disk: 9_000, chunks: 9_000, received: 9_000, settled: 9_000 });
    expect(await world.storageOf()).toEqual({ used: 9_000, reserved: 0 });
    await cancel(kept);
    await world.life.stop();
    expect(await diskAndLedger()).toEqual({ disk: 0, chunks: 0, received: 0, settled: 0 });
  });

  test('a ledger that does not fit its files is set right', async () => {
    const file = makeFile(5_000);
    await world.upload(file);
    await world.rows(
      'UPDATE files.storage SET used = used + 77, reserved = 5, files = 9 WHERE user_id = $1',
      [world.alice.user],
    );
    await reconcile(parts(), never);
    expect(await world.storageOf()).toEqual({ used: 5_000, reserved: 0 });
    expect(
      await world.rows('SELECT files FROM files.storage WHERE user_id = $1', [world.alice.user]),
    ).toEqual([{ files: 1 }]);
    await cancel(file);
  });
});
