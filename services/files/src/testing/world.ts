import { createHash, randomBytes } from 'node:crypto';
import {
  type ConnectionOptions,
  createLogger,
  createMetrics,
  openPool,
  systemClock,
} from '@securechat/kernel';
import type { FilesRequests } from '@securechat/protocol/internal';
import { createTestDatabase, until, urlForRole } from '@securechat/testkit';
import type { Pool } from 'pg';
import { createTokenKeys } from '../access/token-keys.ts';
import { createTokens } from '../access/tokens.ts';
import { createObjectBlobs } from '../blobs/blob-objects.ts';
import { createPostgresBlobs } from '../blobs/blob-postgres.ts';
import type { BlobStore } from '../blobs/blob-store.ts';
import { createChunkWriter } from '../chunks/put-chunk.ts';
import { createChunkReader } from '../chunks/read-chunk.ts';
import { createVerifier, type Verdict } from '../chunks/verifier.ts';
import { createFileLife } from '../file-life.ts';
import { filesMetrics } from '../metrics.ts';
import type { Notices } from '../notices.ts';
import { createHandlers } from '../requests/handlers.ts';
import { createFileStore } from '../store/file-store.ts';
import { createTestBucket, testServer } from './test-bucket.ts';

export const QUOTA = 1_000_000;
const DAY_MS = 24 * 3600 * 1000;

export type TestFile = { id: string; bytes: Buffer; chunkSize: number; chunks: number; sha256: string };
export type TestUser = { user: number; device: number; user_id: string };

export type World = Awaited<ReturnType<typeof openWorld>>;

/**
 * The service without its streams, on its own database with users and a conversation, with the service's role.
 * Notices to gateways are recorded. Chunks are in Postgres, and with `npm run test:s3` in a bucket of its own. `limits`: other ones of
 * the connections to Postgres.
 */
export async function openWorld(
  parts: { blobs?: (pool: Pool) => BlobStore; limits?: Partial<ConnectionOptions> } = {},
) {
  const server = testServer();
  const inBucket = server && (await createTestBucket(server));
  const database = await createTestDatabase();
  const owner = openPool(database.url, { ...parts.limits, applicationName: 'test', max: 2 });
  const url = (await urlForRole(database.url, 'securechat_files')) ?? database.url;
  const pool = openPool(url, { ...parts.limits, applicationName: 'files-test', max: 8 });
  const logger = createLogger({ service: 'files', instance: 'test', level: 'fatal' });
  const metrics = filesMetrics(createMetrics('files'));
  const told: { users: readonly number[]; type: string; message: object }[] = [];
  const notices: Notices = {
    tell: (users, type, message) => void told.push({ users, type, message }),
    tellProgress: (user, message) => void told.push({ users: [user], type: 'file_progress', message }),
  };
  const verdicts: Verdict[] = [];
  const clock = { ...systemClock };
  const inPostgres = createPostgresBlobs(pool, { hasBucket: inBucket !== undefined });
  const blobs =
    parts.blobs?.(pool) ??
    (inBucket === undefined
      ? inPostgres
      : createObjectBlobs({ pool, bucket: inBucket.bucket, inPostgres, isForNew: true, clock, logger }));
  const files = createFileStore(pool, QUOTA);
  const life = createFileLife({ pool, files, blobs, notices, logger });
  const writer = createChunkWriter(pool, blobs);
  const reader = createChunkReader(pool, files, blobs);
  const tokens = createTokens(createTokenKeys(pool, systemClock, logger), systemClock, undefined);
  const verifier = createVerifier({
    pool,
    blobs,
    instance: 'test',
    retentionMs: 30 * DAY_MS,
    onVerdict: (verdict) => void verdicts.push(verdict),
    clock: systemClock,
    logger,
  });
  const policy = { storagePerUser: QUOTA, filesPerUser: 50, uploadValidMs: 7 * DAY_MS };
  const handlers = createHandlers({ pool, files, reader, verifier, life, notices, tokens, policy });
  const people = await seed(owner);

  function offerOf(by: TestUser, file: TestFile): { kind: 'offer' } & FilesRequests['offer']['ask'] {
    return {
      kind: 'offer',
      ...by,
      file_id: file.id,
      conversation_id: people.conversation,
      file_size: file.bytes.length,
      chunk_size: file.chunkSize,
      total_chunks: file.chunks,
    };
  }
  const chunkOf = ({ bytes, chunkSize }: TestFile, index: number): Buffer =>
    bytes.subarray(index * chunkSize, (index + 1) * chunkSize);

  const world = {
    ...people,
    owner,
    pool,
    logger,
    metrics,
    told,
    verdicts,
    blobs,
    clock,
    inBucket,
    files,
    life,
    writer,
    reader,
    tokens,
    verifier,
    handlers,
    offer: (file: TestFile, by = people.alice) => handlers.offer(offerOf(by, file)),
    chunkOf,
    put: (file: TestFile, index: number, bytes = chunkOf(file, index), by = people.alice) =>
      writer.put({ user: by.user, fileId: file.id, index }, bytes),
    claim: (file: TestFile, { sha256 = file.sha256, size = file.bytes.length } = {}, by = people.alice) =>
      handlers.progress({
        kind: 'progress',
        ...by,
        file_id: file.id,
        bytes_received: size,
        total_bytes: size,
        status: 'complete',
        sha256,
      }),
    /** Offers, uploads and verifies a file. */
    async upload(file: TestFile, by = people.alice): Promise<void> {
      await world.offer(file, by);
      for (let index = 0; index < file.chunks; index++) await world.put(file, index, undefined, by);
      await world.claim(file, {}, by);
      await until(
        'the file is verified',
        async () => (await files.findOwn(by.user, file.id))?.state === 'complete',
      );
    },
    storageOf: async (who = people.alice) => {
      const { used, reserved } = await files.storageOf(who.user);
      return { used, reserved };
    },
    /** Of all chunks, wherever their bytes are. */
    async storedBytes(): Promise<number> {
      const sum = 'SELECT coalesce(sum(length(bytes)), 0)::int AS bytes FROM files.blobs';
      const [row] = await world.rows<{ bytes: number }>(sum);
      const objects = (await inBucket?.contents()) ?? [];
      return objects.reduce((total, { bytes }) => total + bytes, row?.bytes ?? 0);
    },
    async rows<T extends object>(sql: string, values: unknown[] = []): Promise<T[]> {
      return (await owner.query<T>(sql, values)).rows;
    },
    async close(): Promise<void> {
      await verifier.stop();
      await life.stop();
      await Promise.all([pool.end(), owner.end(), inBucket?.drop()]);
      await database.drop();
    },
  };
  return world;
}

export function makeFile(size: number, chunkSize = 4096): TestFile {
  const bytes = randomBytes(size);
  return {
    id: `file_${randomBytes(12).toString('base64url')}`,
    bytes,
    chunkSize,
    chunks: Math.ceil(size / chunkSize),
    sha256: createHash('sha256').update(bytes).digest('base64'),
  };
}

/** Alice and Bob have a conversation, Eve has none; Carol and Bob have one in which Bob has blocked her. */
async function seed(owner: Pool) {
  const names = ['alice', 'bob', 'carol', 'eve'];
  const users: Record<string, TestUser> = {};
  for (const name of names) {
    const { rows } = await owner.query<{ user: number; device: number }>(
      `WITH u AS (INSERT INTO auth.users (ext_id, account_key) VALUES ($1, $2) RETURNING id),
            d AS (INSERT INTO auth.devices (user_id, ext_id, public_key) SELECT id, 'phone', $3 FROM u RETURNING id)
       SELECT u.id AS user, d.id AS device FROM u, d`,
      [name, randomBytes(32), randomBytes(32)],
    );
    users[name] = { user_id: name, ...(rows[0] as { user: number; device: number }) };
  }
  const [alice, bob, carol, eve] = names.map((name) => users[name]) as [
    TestUser,
    TestUser,
    TestUser,
    TestUser,
  ];
  const conversation = await makeDirect(owner, alice, bob);
  const blocked = await makeDirect(owner, carol, bob);
  await owner.query('INSERT INTO delivery.blocks (user_id, blocked_name) VALUES ($1, $2)', [
    bob.user,
    'carol',
  ]);
  return { alice, bob, carol, eve, conversation, blocked };
}

async function makeDirect(owner: Pool, low: TestUser, high: TestUser): Promise<string> {
  const id = `c_${randomBytes(16).toString('base64url')}`;
  const [a, b] = low.user < high.user ? [low, high] : [high, low];
  await owner.query(
    `WITH c AS (INSERT INTO delivery.conversations (ext_id, kind, low_user, high_user, low_name, high_name)
                VALUES ($1, 'direct', $2, $3, $4, $5) RETURNING id)
     INSERT INTO delivery.conv_members (conv_id, user_id, user_name, joined_seq)
     SELECT c.id, m.id, m.name, 1 FROM c, (VALUES ($2::bigint, $4::text), ($3, $5)) AS m (id, name)`,
    [id, a.user, b.user, a.user_id, b.user_id],
  );
  return id;
}
