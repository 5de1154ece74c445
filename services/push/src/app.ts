import { createOutStreams } from '@securechat/directory';
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
import { options } from './config.ts';
import { lookJob } from './jobs/look.ts';
import { pushMetrics } from './metrics.ts';
import { migrations } from './migrations/index.ts';
import { answer } from './requests/answer.ts';
import { createEndpoints } from './send/endpoint.ts';
import { createSend } from './send/send.ts';
import { vapidPublicKey } from './send/web-push.ts';
import { claimMsFor, createWakeQueue } from './wake/queue.ts';
import { createWake } from './wake/wake.ts';

/** Wakes devices that did not take what waits for them. Apart from everything else: it alone speaks to addresses that clients choose. */
export async function createPush(kit: Kit): Promise<Service> {
  const { config, secrets } = readConfig(options, kit.env);
  const { logger, clock } = kit;
  const metrics = pushMetrics(kit.metrics);
  const { streamPrefix: prefix, streamPartitions: partitions } = config;
  const { redisUrl, postgresUrl, vapidPrivateKey, bridgeKey } = secrets;
  const streams = streamNames({ prefix, partitions });
  const endpoints = createEndpoints(config.allowedOrigins);
  const bridge = bridgeOf(config.bridgeUrl, bridgeKey);
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
  const queue = createWakeQueue({
    redisUrl,
    prefix,
    concurrency: config.concurrency,
    wake: createWake({ pool, timing, send, metrics, logger }),
    logger,
  });
  const requests = createRequestConsumer({
    url: redisUrl,
    streams: streams.push,
    group: 'push',
    consumer: 'push',
    concurrency: config.poolSize,
    handle: (request) =>
      answer({ pool, endpoints, vapidPublicKey: publicKey, hasBridge: bridge !== undefined }, request),
    reply: async (gateway, correlation, body) => {
      await outStreams.send(gateway, [{ head: { kind: 'reply', correlation }, body }]);
    },
    clock,
    logger,
    metrics: kit.metrics,
  });
  const jobs = createJobRunner({
    redisUrl,
    prefix,
    service: 'push',
    jobs: { look: lookJob({ pool, queue, timing, lookEveryMs, metrics }) },
    clock,
    logger,
    metrics: kit.metrics,
  });

  return {
    async start() {
      await requireMigrations(pool, 'push', migrations, logger);
      await requests.start();
      queue.start();
      jobs.start();
    },
    async drain() {
      await Promise.all([requests.drain(), jobs.stop()]);
      await queue.stop();
    },
    async stop() {
      await Promise.all([requests.stop(), jobs.stop()]);
      await queue.stop();
      producer.close();
      await pool.end();
    },
  };
}

function bridgeOf(
  url: string | undefined,
  key: string | undefined,
): { url: string; key: string } | undefined {
  if (url !== undefined && key !== undefined) return { url, key };
  if (url === undefined && key === undefined) return undefined;
  throw new TypeError('PUSH_BRIDGE_URL and PUSH_BRIDGE_KEY must be set together');
}
