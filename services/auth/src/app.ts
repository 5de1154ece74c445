import type { AddressInfo } from 'node:net';
import { signingKeyFromSeed } from '@securechat/crypto/sign';
import { createOutStreams } from '@securechat/directory';
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
import { authOptions } from './config.ts';
import { createEnrolments } from './enrolment/enrol.ts';
import { createHttpServer } from './http/server.ts';
import { createAuthMetrics } from './metrics.ts';
import { migrations } from './migrations/index.ts';
import { createAnswer } from './requests/answer.ts';
import { createHandlers } from './requests/handlers.ts';
import { serviceKeysOf } from './service-keys.ts';
import { createDeviceStore } from './store/device-store.ts';

/** Logins wait for Postgres, so twice its connections keep them all busy. */
const REQUESTS_PER_CONNECTION = 2;
/** Of their own, so that strangers at the enrolment API cannot make logins wait. */
const ENROLMENT_CONNECTIONS = 4;

export async function createAuth(kit: Kit): Promise<Service> {
  const { config, secrets } = readConfig(authOptions, kit.env);
  const { logger, clock } = kit;
  const metrics = createAuthMetrics(kit.metrics);
  const serviceKey = signingKeyFromSeed(secrets.serviceKeySeed);
  const serviceKeys = serviceKeysOf(serviceKey);
  const streams = streamNames({ prefix: config.streamPrefix, partitions: config.streamPartitions });
  const { postgresUrl, redisUrl } = secrets;
  const pool = openPool(postgresUrl, {
    applicationName: 'auth',
    max: config.poolSize,
    logger,
    metrics: kit.metrics,
  });
  const enrolmentPool = openPool(postgresUrl, {
    applicationName: 'auth-enrolment',
    max: ENROLMENT_CONNECTIONS,
    logger,
  });
  const producer = openProducer(redisUrl, { name: 'auth', logger });
  const outStreams = createOutStreams(producer.redis, streams);

  const enrolments = createEnrolments(enrolmentPool, clock);
  const http = createHttpServer({ ...config, enrolments, serviceKeys, clock, metrics, logger });
  const handlers = createHandlers({ ...config, devices: createDeviceStore(pool), serviceKey, clock });
  const answer = createAnswer({ handlers, metrics, clock });
  const requests = createRequestConsumer({
    url: redisUrl,
    streams: streams.auth,
    group: 'auth',
    consumer: 'auth',
    concurrency: config.poolSize * REQUESTS_PER_CONNECTION,
    handle: ({ body }) => answer(body),
    reply: async (gateway, correlation, body) => {
      await outStreams.send(gateway, [{ head: { kind: 'reply', correlation }, body }]);
    },
    clock,
    logger,
    metrics: kit.metrics,
  });

  return {
    async start() {
      await requireMigrations(pool, 'auth', migrations, logger);
      await http.listen({ host: config.httpHost, port: config.httpPort });
      const { port } = http.server.address() as AddressInfo;
      logger.info({ httpPort: port, serviceKeyId: serviceKeys[0]?.id }, 'enrolment API listening');
      await requests.start();
    },
    async drain() {
      await Promise.all([http.close(), requests.drain()]);
    },
    async stop() {
      await Promise.all([http.close(), requests.stop()]);
      producer.close();
      await Promise.all([pool.end(), enrolmentPool.end()]);
      serviceKey.wipe();
    },
  };
}
