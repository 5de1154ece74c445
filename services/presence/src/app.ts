import { createDirectory, createOutStreams } from '@securechat/directory';
import {
  createRequestConsumer,
  type Kit,
  openPool,
  openProducer,
  readConfig,
  requireMigrations,
  type Service,
} from '@securechat/kernel';
import { streamNames } from '@securechat/protocol/internal';
import { options } from './config.ts';
import { presenceMetrics } from './metrics.ts';
import { migrations } from './migrations/index.ts';
import { answer } from './requests/answer.ts';
import { createSessions } from './signalling/sessions.ts';
import { presenceKeys } from './status/keys.ts';
import { createPublisher } from './status/publisher.ts';
import { createStatuses } from './status/statuses.ts';
import { startTrim } from './status/trim.ts';
import { createWatchers } from './status/watchers.ts';
import { createLastSeen } from './store/last-seen.ts';

/** Most requests wait for Postgres, so twice its connections keep them all busy. */
const REQUESTS_PER_CONNECTION = 2;

/**
 * Knows who is online, tells those who may know, and relays what is not stored. All state is in Redis; every process
 * does the same work on it and holds none of its own.
 */
export async function createPresence(kit: Kit): Promise<Service> {
  const { config, secrets } = readConfig(options, kit.env);
  const { logger, clock } = kit;
  const metrics = presenceMetrics(kit.metrics);
  const { streamPrefix: prefix, streamPartitions: shards } = config;
  const streams = streamNames({ prefix, partitions: shards });
  const keys = presenceKeys(prefix, shards);
  const pool = openPool(secrets.postgresUrl, {
    applicationName: 'presence',
    max: config.poolSize,
    metrics: kit.metrics,
    logger,
  });
  const { redis, close: closeRedis } = openProducer(secrets.redisUrl, { name: 'presence', logger });
  const outStreams = createOutStreams(redis, streams);
  const statuses = createStatuses({ ...config, redis, keys });
  const watchers = createWatchers({ redis, keys, now: clock.now });
  const lastSeen = createLastSeen({ redis, keys, pool, everyMs: config.lastSeenEveryMs, metrics, logger });
  const { changesPerSecond } = config;
  const publisher = createPublisher({
    ...{ redis, keys, statuses, watchers, outStreams },
    ...{ changesPerSecond, metrics, logger },
  });
  const directory = createDirectory(redis, { prefix, shards });
  const sessions = createSessions({ redis, keys });
  const parts = {
    ...{ pool, keys, statuses, watchers, lastSeen, sessions },
    ...{ directory, outStreams, metrics },
  };
  const requests = createRequestConsumer({
    url: secrets.redisUrl,
    streams: streams.presence,
    group: 'presence',
    consumer: 'presence',
    concurrency: config.poolSize * REQUESTS_PER_CONNECTION,
    handle: (request, signal) => answer(parts, request, signal),
    reply: outStreams.reply,
    clock,
    logger,
    metrics: kit.metrics,
  });
  let trim: { stop(): Promise<void> } | undefined;

  return {
    async start() {
      await requireMigrations(pool, 'presence', migrations, logger);
      await requests.start();
      publisher.start();
      lastSeen.start();
      trim = startTrim(redis, streams.presence[0] ?? '', logger);
    },
    async drain() {
      await requests.drain();
      await publisher.stop();
      await lastSeen.stop();
    },
    async stop() {
      await requests.stop();
      await Promise.all([trim?.stop(), publisher.stop(), lastSeen.stop()]);
      closeRedis();
      await pool.end();
    },
  };
}
