import {
  announceLimits,
  createDirectory,
  createOutStreams,
  createRevocationSet,
  openBulkReader,
} from '@securechat/directory';
import {
  createNetworkMatcher,
  createOriginMatcher,
  type Kit,
  newIdentity,
  openProducer,
  type Service,
  sleep,
} from '@securechat/kernel';
import { streamNames } from '@securechat/protocol/internal';
import { Connection } from './connection/connection.ts';
import { Hub } from './connection/hub.ts';
import type { GatewayContext } from './context.ts';
import { createDeployment } from './deployment.ts';
import { announceRestart, sendAllAway } from './drain.ts';
import { createIdentity } from './identity.ts';
import { limitsForClients, limitsInForce } from './limits/in-force.ts';
import { createLimits } from './limits/limits.ts';
import { gatewayMetrics } from './metrics.ts';
import { createReporter } from './presence/reporter.ts';
import { createTeller } from './presence/teller.ts';
import { createWatchers } from './presence/watchers.ts';
import { readGatewayConfig } from './read-config.ts';
import { createRegistrar } from './registrar.ts';
import { createRevocations } from './revocations.ts';
import { createAckIngress } from './streams/ack-ingress.ts';
import { createIngress } from './streams/ingress.ts';
import { createLifeline } from './streams/lifeline.ts';
import { createOutReader } from './streams/out-reader.ts';
import { dispatch } from './streams/outbound.ts';
import { createRequests } from './streams/requests.ts';
import { startSweep } from './sweep.ts';
import { createDoors } from './transport/doors.ts';
import { openCertificate } from './transport/tls.ts';
import type { Accept } from './transport/transport.ts';

/** Poll interval while waiting for Redis at start. */
const REDIS_LOOK_MS = 50;

/** Holds the sockets: login, checks, limits, and the path to and from the other services. No Postgres, no chat rules. */
export async function createGateway(kit: Kit): Promise<Service> {
  const { config, secrets } = readGatewayConfig(kit.env);
  const { logger, clock } = kit;
  const metrics = gatewayMetrics(kit.metrics);
  const certificate = openCertificate({
    certFile: config.tlsCertFile,
    keyFile: config.tlsKeyFile,
    everyMs: config.tlsCheckMs,
    onReload: metrics.tlsReloaded,
    logger,
  });
  if (certificate) metrics.watchCertificate(certificate.expiresAt);
  const streams = streamNames({ prefix: config.streamPrefix, partitions: config.streamPartitions });
  const shards = config.streamPartitions;
  // A new id per start: a restarted gateway must never read what was meant for its predecessor.
  const gatewayId = newIdentity(config.gatewayId);
  const now = clock.now;

  const producer = openProducer(secrets.redisUrl, { name: 'gateway', logger });
  const { redis } = producer;
  const hub = new Hub();
  const registrar = createRegistrar({ hub, isRedisReady: producer.isReady });
  const directory = createDirectory(redis, { prefix: config.streamPrefix, shards });
  const outStreams = createOutStreams(redis, streams);
  const { redisUrl, bulkRedisUrl = redisUrl } = secrets;
  const bulk = openProducer(bulkRedisUrl, { name: 'gateway-bulk', logger });
  const requests = createRequests({ redis, bulkRedis: bulk.redis, streams, gatewayId, now });
  const bulkReader = openBulkReader({
    redisUrl: bulkRedisUrl,
    list: streams.bulk(gatewayId),
    onReply: (reply) => requests.answeredInBulk(reply),
    logger,
  });
  const { monotonicMs } = clock;
  const teller = createTeller({ perSecond: config.presencePerSecond, monotonicMs, metrics });
  const watchers = createWatchers({ hub, requests, teller, monotonicMs, logger });
  const reporter = createReporter({ hub, requests, monotonicMs, logger });
  const deployment = createDeployment({ redis, streams, logger });
  const identity = createIdentity({
    serverId: config.gatewayId,
    requests,
    renewEveryMs: config.certificateRenewMs,
    now,
    logger,
  });
  const reader = createOutReader({
    redisUrl: secrets.redisUrl,
    stream: streams.out(gatewayId),
    onEntry: (entry) => dispatch(context, entry),
    logger,
  });
  const lifeline = createLifeline({
    redis,
    directory,
    gatewayId,
    stream: streams.out(gatewayId),
    reader,
    onLoss() {
      registrar.startOver();
      reporter.startOver();
      watchers.startOver();
    },
    logger,
  });
  const revocations = createRevocations({
    set: createRevocationSet(redis, { prefix: config.streamPrefix }),
    hub,
    clock,
    logger,
  });
  const { liveGateways } = lifeline;
  const limits = createLimits({ config, redis, gatewayId, liveGateways, clock, metrics, logger });

  const context: GatewayContext = {
    gatewayId,
    connectionsPerUser: config.connectionsPerUser,
    timeouts: {
      handshakeMs: config.handshakeTimeoutMs,
      frameMs: config.frameTimeoutMs,
      stuckMs: config.stuckTimeoutMs,
    },
    publicLimits: limitsForClients(config),
    clock,
    logger,
    metrics,
    hub,
    identity,
    deployment,
    revocations,
    directory,
    outStreams,
    liveGateways,
    messageLimit: limits.messageLimit,
    groupLimit: limits.groupLimit,
    commitLimit: limits.commitLimit,
    globalLimit: limits.globalLimit,
    bandwidth: limits.bandwidth,
    fileBudget: limits.fileBudget,
    ingress: createIngress({ redis, streams, maxBytes: config.maxIngressBytes, metrics }),
    ackIngress: createAckIngress({ redis, streams, gatewayId, now }),
    requests,
    reporter,
    watchers,
  };

  metrics.watchRevocations(revocations.ageMs);
  metrics.watchConnections(() => hub.countStates());

  let isDraining = false;
  const accept: Accept = (transport, address) => {
    const connection = new Connection(context, transport, address);
    // It was being accepted when the doors closed.
    if (isDraining) {
      announceRestart(connection, config.drainMs);
      connection.close('service_restart');
    }
    return connection;
  };
  const doors = createDoors();
  const opening = new AbortController();
  let opened: Promise<void> = Promise.resolve();
  let sweep: { stop(): void } | undefined;
  let announced: { stop(): void } | undefined;

  /** Opens the doors once Redis is up and auth has certified this gateway's key; not ready until then. */
  async function open(): Promise<void> {
    while (!producer.isReady() && !opening.signal.aborted) await sleep(REDIS_LOOK_MS, opening.signal);
    await lifeline.start(opening.signal);
    if (opening.signal.aborted) return;
    reader.start();
    bulkReader.start();
    await deployment.start();
    await identity.start();
    await revocations.start();
    if (opening.signal.aborted) return;
    teller.start();
    announced = announceLimits({
      redis,
      prefix: config.streamPrefix,
      service: 'gateway',
      limits: limitsInForce(config),
      logger,
    });
    sweep = startSweep({
      hub,
      requests,
      clock,
      logger,
      onSweep() {
        limits.messageLimit.sweep();
        limits.bandwidth.sweep();
        registrar.sweep();
        reporter.sweep(monotonicMs());
        watchers.sweep(monotonicMs());
      },
    });
    const common = {
      host: config.host,
      tls: certificate?.options,
      handshakeTimeoutMs: config.handshakeTimeoutMs,
      isTrustedProxy: createNetworkMatcher(config.trustedProxies),
      isAllowedOrigin: createOriginMatcher(config.allowedOrigins),
      addresses: limits.addresses,
      storm: limits.storm,
      onTurnedAway: metrics.turnedAway,
      accept,
    };
    const ports = await doors.open(common, {
      ws: { port: config.wsPort, proxyProtocol: config.wsProxyProtocol },
      tcp: { port: config.tcpPort, proxyProtocol: config.tcpProxyProtocol },
    });
    certificate?.watch(doors.renew);
    kit.ready.set('doors_open', true);
    logger.info({ gatewayId, ...ports, tls: certificate !== undefined }, 'doors open');
  }

  /** Also cancels an opening that still waits for Redis or auth. */
  async function stopOpening(): Promise<void> {
    opening.abort();
    certificate?.stop();
    identity.stop();
    deployment.stop();
    await opened;
    revocations.stop();
  }

  return {
    async start() {
      kit.ready.set('doors_open', false);
      opened = open().catch(kit.fail);
    },

    async drain() {
      isDraining = true;
      if (!doors.isAnyOpen) return await stopOpening();
      const closed = doors.close();
      await sendAllAway(hub, config.drainMs, logger);
      await Promise.all([context.ackIngress.flush(), reporter.flush()]);
      await closed;
    },

    async stop() {
      await stopOpening();
      sweep?.stop();
      announced?.stop();
      teller.stop();
      const closed = doors.close();
      // After a failure nothing was drained; a door counts as closed only when its last client is gone.
      for (const connection of hub.all()) connection.cut();
      await closed;
      await reporter.flush();
      limits.bandwidth.stop();
      requests.stop();
      await Promise.all([reader.stop(), bulkReader.stop()]);
      await lifeline.stop();
      producer.close();
      bulk.close();
    },
  };
}
