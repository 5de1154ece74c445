import { randomBytes } from 'node:crypto';
import {
  announceLimits,
  createDirectory,
  createFileBudget,
  createOutStreams,
  createRevocationSet,
  directoryKeys,
  openBulkReader,
} from '@securechat/directory';
import {
  ConfigError,
  createNetworkMatcher,
  createOriginMatcher,
  type Kit,
  openProducer,
  readConfig,
  type Service,
  serviceOptions,
  sleep,
} from '@securechat/kernel';
import { MAX_BLOCKED_USERS, MAX_CHAT_BYTES, UNACKED_WINDOW } from '@securechat/protocol';
import { streamNames } from '@securechat/protocol/internal';
import { options } from './config.ts';
import { Connection } from './connection/connection.ts';
import { Hub } from './connection/hub.ts';
import { connectionStates } from './connection/states.ts';
import type { GatewayContext } from './context.ts';
import { createDeployment } from './deployment.ts';
import { ANSWERS_MS, announceRestart, sendAllAway } from './drain.ts';
import { createIdentity } from './identity.ts';
import { createAddressLimit } from './limits/address-limit.ts';
import { createBandwidth } from './limits/bandwidth.ts';
import { createGlobalLimit } from './limits/global-limit.ts';
import { createGroupLimit } from './limits/group-limit.ts';
import { limitsInForce } from './limits/in-force.ts';
import { createMessageLimit } from './limits/message-limit.ts';
import { createStorm } from './limits/storm.ts';
import { gatewayMetrics } from './metrics.ts';
import { createReporter } from './presence/reporter.ts';
import { createTeller } from './presence/teller.ts';
import { createWatchers } from './presence/watchers.ts';
import { createRegistrar } from './registrar.ts';
import { createRevocations } from './revocations.ts';
import { createAckIngress } from './streams/ack-ingress.ts';
import { createIngress } from './streams/ingress.ts';
import { createLifeline } from './streams/lifeline.ts';
import { createOutReader } from './streams/out-reader.ts';
import { dispatch } from './streams/outbound.ts';
import { createRequests } from './streams/requests.ts';
import { startSweep } from './sweep.ts';
import type { Door } from './transport/door.ts';
import { openTcpDoor } from './transport/tcp.ts';
import { openCertificate } from './transport/tls.ts';
import type { Accept } from './transport/transport.ts';
import { openWebSocketDoor } from './transport/websocket.ts';

/** For what comes after the last client has been told and answered: acknowledgements, routes, the place in Redis. */
const LEAVING_MS = 2_000;
/** How often a gateway that waits for Redis looks whether it is there. */
const REDIS_LOOK_MS = 50;

/** Holds the sockets: login, checks, limits, and the way to and from the other services. No Postgres, no chat rules. */
export async function createGateway(kit: Kit): Promise<Service> {
  const { config, secrets } = readConfig(options, kit.env);
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
  requireProxies(config);
  requireGrace(config.drainMs, kit.env);
  const streams = streamNames({ prefix: config.streamPrefix, partitions: config.streamPartitions });
  const shards = config.streamPartitions;
  // A restarted gateway is another one: it must never read what was meant for its predecessor.
  const gatewayId = `${config.gatewayId}.${randomBytes(6).toString('hex')}`;
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
  const messageLimit = createMessageLimit({
    redis,
    prefix: config.streamPrefix,
    shards,
    perMinute: config.messagesPerMinute,
    clock,
    logger,
  });
  const keys = directoryKeys(config.streamPrefix, shards);
  const groupLimit = createGroupLimit({
    redis,
    keyOf: keys.groupOperations,
    perMinute: config.groupOperationsPerMinute,
    logger,
  });
  const commitLimit = createGroupLimit({
    redis,
    keyOf: keys.groupCommits,
    perMinute: config.groupCommitsPerMinute,
    logger,
  });
  const globalLimit = createGlobalLimit({
    redis,
    prefix: config.streamPrefix,
    perSecond: config.globalMessagesPerSecond,
    liveGateways: lifeline.liveGateways,
    clock,
    logger,
  });
  const bandwidth = createBandwidth({ bytesPerMinute: config.bandwidthPerMinute, clock, metrics });
  const fileBudget = createFileBudget(redis, {
    prefix: config.streamPrefix,
    shards,
    bytesPerMinute: config.fileBytesPerMinute,
  });
  const addresses = createAddressLimit({
    redis,
    prefix: config.streamPrefix,
    gatewayId,
    most: config.connectionsPerAddress,
    liveGateways: lifeline.liveGateways,
    onRefused: () => metrics.limited('connections_per_address'),
    logger,
  });

  const context: GatewayContext = {
    gatewayId,
    connectionsPerUser: config.connectionsPerUser,
    timeouts: {
      handshakeMs: config.handshakeTimeoutMs,
      frameMs: config.frameTimeoutMs,
      stuckMs: config.stuckTimeoutMs,
    },
    publicLimits: {
      messages_per_minute: config.messagesPerMinute,
      group_operations_per_minute: config.groupOperationsPerMinute,
      group_commits_per_minute: config.groupCommitsPerMinute,
      connections_per_user: config.connectionsPerUser,
      blocked_users: MAX_BLOCKED_USERS,
      unacked_window: UNACKED_WINDOW,
      max_chat_bytes: MAX_CHAT_BYTES,
      file_bytes_per_minute: config.fileBytesPerMinute,
    },
    clock,
    logger,
    metrics,
    hub,
    identity,
    deployment,
    revocations,
    directory,
    outStreams,
    liveGateways: lifeline.liveGateways,
    messageLimit,
    groupLimit,
    commitLimit,
    globalLimit,
    bandwidth,
    fileBudget,
    ingress: createIngress({ redis, streams, maxBytes: config.maxIngressBytes, metrics }),
    ackIngress: createAckIngress({ redis, streams, gatewayId, now }),
    requests,
    reporter,
    watchers,
  };

  metrics.watchRevocations(revocations.ageMs);
  metrics.watchConnections(() => {
    const counts = Object.fromEntries(connectionStates.map((state) => [state, 0])) as Record<
      Connection['state'],
      number
    >;
    for (const connection of hub.all()) counts[connection.state]++;
    return counts;
  });

  let isDraining = false;
  const accept: Accept = (transport, address) => {
    const connection = new Connection(context, transport, address);
    // It was on its way through the door when that was closed.
    if (isDraining) {
      announceRestart(connection, config.drainMs);
      connection.close('service_restart');
    }
    return connection;
  };
  const doors: Door[] = [];
  const opening = new AbortController();
  let opened: Promise<void> = Promise.resolve();
  let sweep: { stop(): void } | undefined;
  let announced: { stop(): void } | undefined;

  /** Opens the doors as soon as Redis is there and auth has certified this gateway's key; until then not ready. */
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
        messageLimit.sweep();
        bandwidth.sweep();
        registrar.sweep();
        reporter.sweep(monotonicMs());
        watchers.sweep(monotonicMs());
      },
    });
    const parts = {
      host: config.host,
      tls: certificate?.options,
      handshakeTimeoutMs: config.handshakeTimeoutMs,
      isTrustedProxy: createNetworkMatcher(config.trustedProxies),
      isAllowedOrigin: createOriginMatcher(config.allowedOrigins),
      addresses,
      storm: createStorm({
        perSecond: config.handshakesPerSecond,
        clock,
        onRefused: () => metrics.limited('handshakes_per_second'),
      }),
      onTurnedAway: metrics.turnedAway,
      accept,
    };
    const { wsProxyProtocol, tcpProxyProtocol } = config;
    const websocket = await openWebSocketDoor({
      ...parts,
      port: config.wsPort,
      proxyProtocol: wsProxyProtocol,
    });
    doors.push(websocket);
    const tcp = await openTcpDoor({ ...parts, port: config.tcpPort, proxyProtocol: tcpProxyProtocol });
    doors.push(tcp);
    certificate?.watch((renewed) => {
      for (const door of doors) door.renew(renewed);
    });
    kit.ready.set('doors_open', true);
    const ports = { wsPort: websocket.port, tcpPort: tcp.port };
    logger.info({ gatewayId, ...ports, tls: certificate !== undefined }, 'doors open');
  }

  /** Also ends an opening that still waits for Redis or auth. */
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
      if (doors.length === 0) return await stopOpening();
      const closed = doors.splice(0).map((door) => door.close());
      await sendAllAway(hub, config.drainMs, logger);
      await Promise.all([context.ackIngress.flush(), reporter.flush()]);
      await Promise.all(closed);
    },

    async stop() {
      await stopOpening();
      sweep?.stop();
      announced?.stop();
      teller.stop();
      const closed = doors.splice(0).map((door) => door.close());
      // After a failure nothing was drained; a door is closed when its last client is gone.
      for (const connection of hub.all()) connection.cut();
      await Promise.all(closed);
      await reporter.flush();
      bandwidth.stop();
      requests.stop();
      await Promise.all([reader.stop(), bulkReader.stop()]);
      await lifeline.stop();
      producer.close();
      bulk.close();
    },
  };
}

/** A gateway that waits for headers from nobody would take every client for a stranger's. */
function requireProxies(config: {
  wsProxyProtocol: boolean;
  tcpProxyProtocol: boolean;
  trustedProxies: readonly string[];
}): void {
  if (!(config.wsProxyProtocol || config.tcpProxyProtocol) || config.trustedProxies.length > 0) return;
  throw new ConfigError([
    'The PROXY protocol is of use only from a proxy that GATEWAY_TRUSTED_PROXIES names',
  ]);
}

/** A process that is ended half-way cuts off the clients that it has not told yet. */
function requireGrace(drainMs: number, env: NodeJS.ProcessEnv): void {
  const { shutdownGraceMs } = readConfig(serviceOptions, env).config;
  const least = drainMs + ANSWERS_MS + LEAVING_MS;
  if (shutdownGraceMs >= least) return;
  throw new ConfigError([
    `SHUTDOWN_GRACE_MS is ${shutdownGraceMs}: with GATEWAY_DRAIN_MS=${drainMs} it must be at least ${least}`,
  ]);
}
