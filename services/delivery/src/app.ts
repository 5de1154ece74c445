import { announceLimits, createDirectory, createOutStreams } from '@securechat/directory';
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
import { createOrderedConsumer } from '@securechat/kernel/ordered';
import { type OrderedRecord, type Packed, streamNames } from '@securechat/protocol/internal';
import { options } from './config.ts';
import { createFanout } from './fanout/fanout.ts';
import { agreedTime } from './jobs/agreed-time.ts';
import { deliveryJobs } from './jobs/index.ts';
import { createTrimmer } from './jobs/trim-streams.ts';
import { startRetentionWatch } from './jobs/watch-retention.ts';
import { startStreamWatch } from './jobs/watch-streams.ts';
import { limitsInForce } from './limits-in-force.ts';
import { deliveryMetrics } from './metrics.ts';
import { migrations } from './migrations/index.ts';
import { createBatchHandler } from './process-batch.ts';
import { createPublisher } from './publisher.ts';
import { createReceipts } from './receipts.ts';
import { answerSync } from './sync/answer.ts';
import { createPages } from './sync/page.ts';

/**
 * Every query is meant to use an index: a plan cached while a table was empty must not become a seq scan once it is
 * full.
 */
const SESSION = {
  enable_seqscan: 'off',
  enable_hashjoin: 'off',
  enable_mergejoin: 'off',
  plan_cache_mode: 'force_generic_plan',
  jit: 'off',
};

/** No client waits for an ack to be applied; the only cost is that receipts go out this much later. */
const ACKS_EVERY_MS = 100;

/** Stores, orders, delivers and forgets messages. The only owner of conversations and mailboxes. */
export async function createDelivery(kit: Kit): Promise<Service> {
  const { config, secrets } = readConfig(options, kit.env);
  const { logger, clock } = kit;
  const metrics = deliveryMetrics(kit.metrics);
  const streams = streamNames({ prefix: config.streamPrefix, partitions: config.streamPartitions });

  const pool = openPool(secrets.postgresUrl, {
    applicationName: 'delivery',
    max: config.syncConcurrency + 2,
    metrics: kit.metrics,
    logger,
  });
  const producer = openProducer(secrets.redisUrl, { name: 'delivery', logger });
  const directory = createDirectory(producer.redis, {
    prefix: config.streamPrefix,
    shards: config.streamPartitions,
  });
  const outStreams = createOutStreams(producer.redis, streams);
  const publisher = createPublisher({ directory, outStreams, pool, logger, metrics });
  // separate pool and publisher: large groups must not take connections from other messages or queue ahead of their
  // pushes
  const fanoutPool = openPool(secrets.postgresUrl, {
    applicationName: 'delivery-fanout',
    max: config.fanoutConcurrency + 1,
    settings: SESSION,
    logger,
  });
  const fanoutPublisher = createPublisher({ directory, outStreams, pool: fanoutPool, logger, metrics });
  const fanout = createFanout({
    pool: fanoutPool,
    publisher: fanoutPublisher,
    policy: config,
    concurrency: config.fanoutConcurrency,
    clock,
    metrics,
    logger,
  });
  const receipts = createReceipts({ pool, publisher, lingerMs: config.receiptLingerMs, logger });
  const trimmer = createTrimmer(producer.redis, logger);

  const orderedBase = {
    redisUrl: secrets.redisUrl,
    postgresUrl: secrets.postgresUrl,
    pool,
    schema: 'delivery',
    worker: kit.instance,
    handler: createBatchHandler({ publisher, receipts, fanout, clock, metrics, policy: config }),
    settings: SESSION,
    spreadAbove: config.spreadAbovePercent / 100,
    onCommitted: trimmer.committed,
    clock,
    logger,
    metrics: kit.metrics,
  };
  const ordered = createOrderedConsumer<Packed<OrderedRecord>>({
    ...orderedBase,
    lane: 'messages',
    streams: streams.ordered,
  });
  // a separate lane, so that messages do not queue behind the acks of a thousand members
  const acks = createOrderedConsumer<Packed<OrderedRecord>>({
    ...orderedBase,
    lane: 'acks',
    streams: streams.acks,
    everyMs: ACKS_EVERY_MS,
  });

  const pages = createPages(pool);
  const sync = createRequestConsumer({
    url: secrets.redisUrl,
    streams: streams.sync,
    group: 'delivery',
    consumer: 'delivery',
    concurrency: config.syncConcurrency,
    handle: async (request) => Buffer.from(await answerSync({ pool, pages, receipts, clock }, request)),
    reply: outStreams.reply,
    clock,
    logger,
    metrics: kit.metrics,
  });
  const streamWatch = startStreamWatch({
    redis: producer.redis,
    streams,
    gauge: metrics.streamLength,
    logger,
  });
  const announced = announceLimits({
    redis: producer.redis,
    prefix: config.streamPrefix,
    service: 'delivery',
    limits: limitsInForce(config),
    logger,
  });
  const retentionWatch = startRetentionWatch({
    pool,
    clock,
    retentionDays: config.retentionDays,
    metrics,
    logger,
  });
  const jobs = createJobRunner({
    redisUrl: secrets.redisUrl,
    prefix: config.streamPrefix,
    service: 'delivery',
    jobs: deliveryJobs({
      pool,
      now: () => agreedTime(pool, clock),
      retentionDays: config.retentionDays,
      metrics,
      clock,
      logger,
    }),
    clock,
    logger,
    metrics: kit.metrics,
  });

  return {
    async start() {
      await requireMigrations(pool, 'delivery', migrations, logger);
      publisher.start();
      fanoutPublisher.start();
      fanout.start();
      trimmer.start();
      await Promise.all([ordered.start(), acks.start()]);
      await sync.start();
      jobs.start();
    },
    async drain() {
      await Promise.all([ordered.stop(), acks.stop(), sync.drain(), jobs.stop(), fanout.stop()]);
      await fanoutPublisher.stop();
      await receipts.stop();
      await publisher.stop();
    },
    async stop() {
      announced.stop();
      trimmer.stop();
      await Promise.all([
        ...[streamWatch.stop(), retentionWatch.stop()],
        ...[ordered.stop(), acks.stop()],
        ...[sync.stop(), publisher.stop(), jobs.stop(), fanout.stop()],
      ]);
      await fanoutPublisher.stop();
      producer.close();
      await Promise.all([pool.end(), fanoutPool.end()]);
    },
  };
}
