import {
  createDirectory,
  createOutStreams,
  createRevocationSet,
  openBulkReader,
} from '@securechat/directory';
import { type Kit, newIdentity, openProducer } from '@securechat/kernel';
import { streamNames } from '@securechat/protocol/internal';
import { Hub } from './connection/hub.ts';
import type { GatewayContext } from './context.ts';
import { createDeployment } from './deployment.ts';
import { createIdentity } from './identity.ts';
import { limitsForClients } from './limits/in-force.ts';
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
import { openCertificate } from './transport/tls.ts';

/** Puts a gateway together, except for its doors. Nothing is started yet, but connections to Redis are being made. */
export function createParts(kit: Kit) {
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
    conversationLimit: limits.conversationLimit,
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

  return {
    config,
    context,
    certificate,
    producer,
    bulk,
    lifeline,
    reader,
    bulkReader,
    registrar,
    teller,
    limits,
  };
}
