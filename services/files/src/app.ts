import type { AddressInfo } from 'node:net';
import {
  announceLimits,
  createBulkList,
  createDirectory,
  createFileBudget,
  createOutStreams,
} from '@securechat/directory';
import {
  createJobRunner,
  createRequestConsumer,
  type Kit,
  openPool,
  openProducer,
  readConfig,
  requireMigrations,
  type Service,
} from '@securechat/kernel';
import { streamNames } from '@securechat/protocol/internal';
import { createTokenKeys } from './access/token-keys.ts';
import { createTokens } from './access/tokens.ts';
import { createObjectBlobs } from './blobs/blob-objects.ts';
import { createPostgresBlobs } from './blobs/blob-postgres.ts';
import { openBucket } from './blobs/bucket.ts';
import { createChunkConsumer } from './chunks/chunk-consumer.ts';
import { createChunkWriter } from './chunks/put-chunk.ts';
import { createChunkReader } from './chunks/read-chunk.ts';
import { createVerifier } from './chunks/verifier.ts';
import { bucketFaults, bucketOf, options } from './config.ts';
import { createFileLife } from './file-life.ts';
import { createHttpServer } from './http/server.ts';
import { reconcileJob } from './jobs/reconcile.ts';
import { sweepJob } from './jobs/sweep.ts';
import { limitsInForce } from './limits-in-force.ts';
import { filesMetrics } from './metrics.ts';
import { migrations } from './migrations/index.ts';
import { createNotices } from './notices.ts';
import { createAnswer } from './requests/answer.ts';
import { createChunkAnswer } from './requests/chunk-answer.ts';
import { createHandlers } from './requests/handlers.ts';
import type { FileRow } from './store/file-row.ts';
import { createFileStore } from './store/file-store.ts';

/** Chunks per stream being stored concurrently: 1 MiB. */
const CHUNKS_PER_STREAM = 4;
const REQUESTS_PER_CONNECTION = 2;
/** On shutdown: for chunks in flight. */
const TRANSFERS_END_MS = 5_000;

/** Offers, chunks, and what counts against whose quota. The only owner of files. */
export async function createFiles(kit: Kit): Promise<Service> {
  const read = readConfig(options, kit.env, bucketFaults);
  const { config, secrets } = read;
  const { logger, clock } = kit;
  const metrics = filesMetrics(kit.metrics);
  const streams = streamNames({ prefix: config.streamPrefix, partitions: config.streamPartitions });
  const { redisUrl, postgresUrl, bulkRedisUrl = redisUrl } = secrets;
  const pool = openPool(postgresUrl, {
    applicationName: 'files',
    max: config.poolSize,
    logger,
    metrics: kit.metrics,
  });
  const producer = openProducer(redisUrl, { name: 'files', logger });
  const bulk = openProducer(bulkRedisUrl, { name: 'files-bulk', logger });
  const shards = config.streamPartitions;
  const directory = createDirectory(producer.redis, { prefix: config.streamPrefix, shards });
  const outStreams = createOutStreams(producer.redis, streams);
  const budget = createFileBudget(producer.redis, {
    prefix: config.streamPrefix,
    shards,
    bytesPerMinute: config.fileBytesPerMinute,
  });

  const bucketOptions = bucketOf(read);
  const bucket = bucketOptions && (await openBucket(bucketOptions));
  const inPostgres = createPostgresBlobs(pool, { hasBucket: bucket !== undefined });
  const blobs =
    bucket === undefined
      ? inPostgres
      : createObjectBlobs({ pool, bucket, inPostgres, isForNew: config.store === 's3', clock, logger });
  const files = createFileStore(pool, config.storagePerUser);
  const notices = createNotices({ directory, outStreams, clock, logger });
  const life = createFileLife({ pool, files, blobs, notices, logger });
  const writer = createChunkWriter(pool, blobs);
  const reader = createChunkReader(pool, files, blobs);
  const tokens = createTokens(createTokenKeys(pool, clock, logger), clock, config.publicUrl);
  const verifier = createVerifier({
    pool,
    blobs,
    instance: kit.instance,
    retentionMs: config.retentionMs,
    onVerdict({ file, isGenuine }) {
      metrics.verified(isGenuine);
      tellProgress(file, isGenuine ? 'complete' : 'error');
    },
    clock,
    logger,
  });

  function tellProgress(file: FileRow, status: 'downloading' | 'complete' | 'error'): void {
    const { ext_id: file_id, received: bytes_received, size, max_size } = file;
    notices.tellProgress(file.owner_id, { file_id, bytes_received, total_bytes: size ?? max_size, status });
  }
  const onStored = ({ file }: { file: FileRow }): void => tellProgress(file, 'downloading');

  const handlers = createHandlers({ pool, files, reader, verifier, life, notices, tokens, policy: config });
  const bulkList = createBulkList(bulk.redis, streams);
  const requests = createRequestConsumer({
    url: redisUrl,
    streams: streams.files,
    group: 'files',
    consumer: 'files',
    concurrency: config.poolSize * REQUESTS_PER_CONNECTION,
    handle: createAnswer({ handlers, reader, bulkList, metrics }),
    reply: outStreams.reply,
    clock,
    logger,
    metrics: kit.metrics,
  });
  const consumers = streams.chunks.map((stream) =>
    createChunkConsumer({
      url: bulkRedisUrl,
      redis: bulk.redis,
      stream,
      concurrency: CHUNKS_PER_STREAM,
      handle: createChunkAnswer({ writer, outStreams, onStored, metrics, logger }),
      logger,
    }),
  );
  const http = createHttpServer({
    ...config,
    tokens,
    files,
    budget,
    writer,
    reader,
    handlers,
    onStored,
    metrics,
    logger,
  });
  const jobs = createJobRunner({
    redisUrl,
    prefix: config.streamPrefix,
    service: 'files',
    jobs: {
      sweep: sweepJob({ pool, blobs, life, metrics, everyMs: config.sweepEveryMs, logger }),
      reconcile: reconcileJob({ pool, blobs, metrics, logger }, config.reconcileEveryMs),
    },
    clock,
    logger,
    metrics: kit.metrics,
  });

  const announced = announceLimits({
    redis: producer.redis,
    prefix: config.streamPrefix,
    service: 'files',
    limits: limitsInForce(config),
    logger,
  });

  /** Downloads may take arbitrarily long, and continue elsewhere with the next range. */
  async function closeHttp(): Promise<void> {
    const timer = setTimeout(() => http.server.closeAllConnections(), TRANSFERS_END_MS);
    await http.close();
    clearTimeout(timer);
  }

  return {
    async start() {
      await requireMigrations(pool, 'files', migrations, logger);
      await bucket?.check(logger);
      await http.listen({ host: config.httpHost, port: config.httpPort });
      const { port } = http.server.address() as AddressInfo;
      logger.info({ httpPort: port }, 'files over HTTP listening');
      await requests.start();
      for (const consumer of consumers) consumer.start();
      jobs.start();
    },
    async drain() {
      await Promise.all([
        closeHttp(),
        requests.drain(),
        jobs.stop(),
        ...consumers.map((each) => each.stop()),
      ]);
      await verifier.stop();
      await life.stop();
    },
    async stop() {
      announced.stop();
      await Promise.all([closeHttp(), requests.stop(), jobs.stop(), ...consumers.map((each) => each.stop())]);
      await verifier.stop();
      await life.stop();
      producer.close();
      bulk.close();
      bucket?.close();
      await pool.end();
    },
  };
}
