import { createOutStreams } from '@securechat/directory';
import {
  createEndpoints,
  createJobRunner,
  createRequestConsumer,
  type Kit,
  openPool,
  openProducer,
  requireMigrations,
  type Service,
} from '@securechat/kernel';
import { streamNames } from '@securechat/protocol/internal';
import { lookJob } from './jobs/look.ts';
import { lookForEventsJob } from './jobs/look-for-events.ts';
import { pushMetrics } from './metrics.ts';
import { migrations } from './migrations/index.ts';
import { createDueQueue } from './queue.ts';
import { readPushConfig } from './read-config.ts';
import { answer } from './requests/answer.ts';
import { createPost } from './send/post.ts';
import { createSend } from './send/send.ts';
import { vapidPublicKey } from './send/web-push.ts';
import { claimMsFor, createWake } from './wake/wake.ts';
import { createTell } from './webhooks/tell.ts';

/**
 * Wakes devices that have not fetched what waits for them, and sends webhooks. A separate service, because it alone
 * connects to addresses that others choose.
 */
export async function createPush(kit: Kit): Promise<Service> {
  const { config, secrets } = readPushConfig(kit.env);
  const { logger, clock } = kit;
  const metrics = pushMetrics(kit.metrics);
  const { streamPrefix: prefix, streamPartitions: partitions } = config;
  const { redisUrl, postgresUrl, vapidPrivateKey, bridgeKey } = secrets;
  const streams = streamNames({ prefix, partitions });
  const endpoints = createEndpoints(config.allowedOrigins, 'usual');
  const { bridgeUrl: url } = config;
  const bridge = url !== undefined && bridgeKey !== undefined ? { url, key: bridgeKey } : undefined;
  const publicKey = vapidPublicKey(vapidPrivateKey);
  const { waitMs, debounceMs, timeoutMs, lookEveryMs } = config;
  const timing = { waitMs, debounceMs, claimMs: claimMsFor(timeoutMs) };

  const pool = openPool(postgresUrl, {
    applicationName: 'push',
    max: config.poolSize,
    metrics: kit.metrics,
    logger,
  });
  const producer = openProducer(redisUrl, { name: 'push', logger });
  const outStreams = createOutStreams(producer.redis, streams);
  const send = createSend({ ...config, endpoints, vapidPrivateKey, bridge, now: clock.now });
  const queues = { redisUrl, prefix, concurrency: config.concurrency, logger };
  const wakes = createDueQueue<number>({
    ...queues,
    name: 'wakes',
    run: createWake({ pool, timing, send, metrics, logger }),
  });
  const post = createPost({
    endpoints: createEndpoints(config.webhookAllowedOrigins),
    timeoutMs,
    now: clock.now,
  });
  const events = createDueQueue<string>({
    ...queues,
    name: 'webhooks',
    run: createTell({ pool, post, timeoutMs, now: clock.now, metrics, logger }),
  });
  const requests = createRequestConsumer({
    url: redisUrl,
    streams: streams.push,
    group: 'push',
    consumer: 'push',
    concurrency: config.poolSize,
    handle: (request) =>
      answer({ pool, endpoints, vapidPublicKey: publicKey, hasBridge: bridge !== undefined }, request),
    reply: outStreams.reply,
    clock,
    logger,
    metrics: kit.metrics,
  });
  const jobs = createJobRunner({
    redisUrl,
    prefix,
    service: 'push',
    jobs: {
      look: lookJob({ pool, queue: wakes, timing, lookEveryMs, metrics }),
      'look-for-events': lookForEventsJob({ pool, queue: events, lookEveryMs, metrics }),
    },
    clock,
    logger,
    metrics: kit.metrics,
  });

  return {
    async start() {
      await requireMigrations(pool, 'push', migrations, logger);
      await requests.start();
      wakes.start();
      events.start();
      jobs.start();
    },
    async drain() {
      await Promise.all([requests.drain(), jobs.stop()]);
      await Promise.all([wakes.stop(), events.stop()]);
    },
    async stop() {
      await Promise.all([requests.stop(), jobs.stop()]);
      await Promise.all([wakes.stop(), events.stop()]);
      producer.close();
      await pool.end();
    },
  };
}
