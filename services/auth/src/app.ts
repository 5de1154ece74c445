import type { AddressInfo } from 'node:net';
import { keyId } from '@securechat/crypto/sign';
import { createOutStreams, createRevocationSet } from '@securechat/directory';
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
import { createAdmin } from './admin/admin.ts';
import { createAdmit } from './admin/admit.ts';
import { createCallers } from './admin/callers.ts';
import { createLimitsAdmin } from './admin/limits.ts';
import { createWebhookAdmin } from './admin/webhooks.ts';
import { chooseAdmission } from './enrolment/choose-admission.ts';
import { createEnrolments } from './enrolment/enrol.ts';
import { createHttpServer } from './http/server.ts';
import { eraseJob } from './jobs/erase.ts';
import { sweepKeysJob } from './jobs/sweep-keys.ts';
import { createKeyParts } from './keys/key-parts.ts';
import { createAuthMetrics } from './metrics.ts';
import { migrations } from './migrations/index.ts';
import { readAuthConfig } from './read-config.ts';
import { createAnswer } from './requests/answer.ts';
import { createHandlers } from './requests/handlers.ts';
import { createRevocationPublisher } from './revocations/publisher.ts';
import { openServiceKeys } from './service-keys.ts';
import { createDeviceStore } from './store/device-store.ts';
import { createKeyLogStore } from './store/key-log-store.ts';
import { noteServiceKey } from './store/service-key-store.ts';

/** Logins wait for Postgres, so twice its connections keep them all busy. */
const REQUESTS_PER_CONNECTION = 2;
/** A separate pool, so that strangers at the enrolment API cannot make logins wait. */
const ENROLMENT_CONNECTIONS = 4;

export async function createAuth(kit: Kit): Promise<Service> {
  const { config, secrets } = readAuthConfig(kit.env);
  const { logger, clock } = kit;
  const metrics = createAuthMetrics(kit.metrics);
  const serviceKeys = openServiceKeys(secrets);
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

  const revocations = createRevocationPublisher({
    pool,
    set: createRevocationSet(producer.redis, { prefix: config.streamPrefix }),
    clock,
    logger,
  });
  const { jwtSecret, adminToken } = secrets;
  const admission = chooseAdmission({
    ...config,
    mode: config.enrolment,
    jwtSecret,
    pool: enrolmentPool,
    clock,
  });
  const enrolments = createEnrolments({
    pool: enrolmentPool,
    clock,
    admission,
    publish: revocations.publish,
  });
  const admin = createAdmin({
    pool: enrolmentPool,
    admit: createAdmit({ ...config, mode: config.enrolment, jwtSecret, clock }),
    publish: revocations.publish,
  });
  const webhooks = createWebhookAdmin({
    pool: enrolmentPool,
    endpoints: createEndpoints(config.webhookAllowedOrigins),
  });
  const keyParts = createKeyParts(config, { pool, redis: producer.redis, outStreams, logger });
  const limits = createLimitsAdmin({
    pool: enrolmentPool,
    redis: producer.redis,
    keyLimits: keyParts.keyLimits,
    config,
  });
  const http = createHttpServer({
    ...config,
    enrolments,
    admin:
      adminToken === undefined
        ? undefined
        : { admin, webhooks, limits, findCaller: createCallers(enrolmentPool, adminToken) },
    serviceKeys,
    clock,
    metrics,
    logger,
  });
  const handlers = createHandlers({
    ...config,
    turnSecret: secrets.turnSecret,
    ...keyParts,
    devices: createDeviceStore(pool),
    keyLog: createKeyLogStore(pool),
    serviceKeys,
    clock,
  });
  const answer = createAnswer({ handlers, metrics, clock });
  const requests = createRequestConsumer({
    url: redisUrl,
    streams: streams.auth,
    group: 'auth',
    consumer: 'auth',
    concurrency: config.poolSize * REQUESTS_PER_CONNECTION,
    handle: ({ body }) => answer(body),
    reply: outStreams.reply,
    clock,
    logger,
    metrics: kit.metrics,
  });

  const jobs = createJobRunner({
    redisUrl,
    prefix: config.streamPrefix,
    service: 'auth',
    jobs: {
      'sweep-keys': sweepKeysJob(pool),
      erase: eraseJob({
        pool: enrolmentPool,
        redis: producer.redis,
        streams,
        logger,
        graceMs: config.erasureGraceMs,
      }),
    },
    clock,
    logger,
    metrics: kit.metrics,
  });

  return {
    async start() {
      await requireMigrations(pool, 'auth', migrations, logger);
      // without Postgres it starts anyway, and the next start records it
      noteServiceKey(pool, keyId(serviceKeys.current.publicKey)).catch((err: unknown) =>
        logger.warn({ err }, 'start of use of the service key not recorded'),
      );
      await http.listen({ host: config.httpHost, port: config.httpPort });
      const { port } = http.server.address() as AddressInfo;
      logger.info({ httpPort: port, serviceKeyId: serviceKeys.published[0]?.id }, 'enrolment API listening');
      revocations.start();
      await requests.start();
      jobs.start();
    },
    async drain() {
      await Promise.all([http.close(), requests.drain(), jobs.stop()]);
    },
    async stop() {
      await Promise.all([http.close(), requests.stop(), jobs.stop()]);
      await revocations.stop();
      producer.close();
      await Promise.all([pool.end(), enrolmentPool.end()]);
      serviceKeys.wipe();
    },
  };
}
