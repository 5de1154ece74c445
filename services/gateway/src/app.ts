import { randomBytes } from 'node:crypto';
import { createDirectory, createOutStreams } from '@securechat/directory';
import { type Kit, openProducer, readConfig, type Service, sleep } from '@securechat/kernel';
import { MAX_CHAT_BYTES, UNACKED_WINDOW } from '@securechat/protocol';
import { streamNames } from '@securechat/protocol/internal';
import { options } from './config.ts';
import { Connection } from './connection/connection.ts';
import { Hub } from './connection/hub.ts';
import { connectionStates } from './connection/states.ts';
import type { GatewayContext } from './context.ts';
import { announceRestart, sendAllAway } from './drain.ts';
import { createIdentity } from './identity.ts';
import { createAddressLimit } from './limits/address-limit.ts';
import { createMessageLimit } from './limits/message-limit.ts';
import { gatewayMetrics } from './metrics.ts';
import { createRegistrar } from './registrar.ts';
import { createAckIngress } from './streams/ack-ingress.ts';
import { createIngress } from './streams/ingress.ts';
import { createLifeline } from './streams/lifeline.ts';
import { createOutReader } from './streams/out-reader.ts';
import { dispatch } from './streams/outbound.ts';
import { createRequests } from './streams/requests.ts';
import { startSweep } from './sweep.ts';
import { openTcpDoor } from './transport/tcp.ts';
import { readTls } from './transport/tls.ts';
import type { Accept } from './transport/transport.ts';
import { openWebSocketDoor } from './transport/websocket.ts';

/** How often a gateway that waits for Redis looks whether it is there. */
const REDIS_LOOK_MS = 50;

/** Holds the sockets: login, checks, limits, and the way to and from the other services. No Postgres, no chat rules. */
export async function createGateway(kit: Kit): Promise<Service> {
  const { config, secrets } = readConfig(options, kit.env);
  const { logger, clock } = kit;
  const metrics = gatewayMetrics(kit.metrics);
  const tls = readTls(config.tlsCertFile, config.tlsKeyFile);
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
  const requests = createRequests({ redis, streams, gatewayId, now });
  const identity = createIdentity({ serverId: config.gatewayId, requests, now, logger });
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
    onLoss: registrar.startOver,
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
    handshakeTimeoutMs: config.handshakeTimeoutMs,
    publicLimits: {
      messages_per_minute: config.messagesPerMinute,
      connections_per_user: config.connectionsPerUser,
      unacked_window: UNACKED_WINDOW,
      max_chat_bytes: MAX_CHAT_BYTES,
    },
    clock,
    logger,
    metrics,
    hub,
    identity,
    directory,
    outStreams,
    liveGateways: lifeline.liveGateways,
    messageLimit,
    ingress: createIngress({ redis, streams, maxBytes: config.maxIngressBytes, metrics }),
    ackIngress: createAckIngress({ redis, streams, gatewayId, now }),
    requests,
  };

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
  const doors: { port: number; close(): Promise<void> }[] = [];
  const opening = new AbortController();
  let opened: Promise<void> = Promise.resolve();
  let sweep: { stop(): void } | undefined;

  /** Opens the doors as soon as Redis is there and auth has certified this gateway's key; until then not ready. */
  async function open(): Promise<void> {
    while (!producer.isReady() && !opening.signal.aborted) await sleep(REDIS_LOOK_MS, opening.signal);
    if (opening.signal.aborted) return;
    await lifeline.start();
    reader.start();
    await identity.start();
    if (opening.signal.aborted) return;
    sweep = startSweep({
      hub,
      requests,
      clock,
      logger,
      onSweep() {
        messageLimit.sweep();
        registrar.sweep();
      },
    });
    const { host, wsPort, tcpPort } = config;
    const websocket = await openWebSocketDoor({ host, port: wsPort, tls, addresses, accept });
    doors.push(websocket);
    const tcp = await openTcpDoor({ host, port: tcpPort, tls, addresses, accept });
    doors.push(tcp);
    kit.ready.set('doors_open', true);
    const ports = { wsPort: websocket.port, tcpPort: tcp.port };
    logger.info({ gatewayId, ...ports, tls: tls !== undefined }, 'doors open');
  }

  /** Also ends an opening that still waits for Redis or auth. */
  async function stopOpening(): Promise<void> {
    opening.abort();
    identity.stop();
    await opened;
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
      await context.ackIngress.flush();
      await Promise.all(closed);
    },

    async stop() {
      await stopOpening();
      sweep?.stop();
      const closed = doors.splice(0).map((door) => door.close());
      // After a failure nothing was drained; a door is closed when its last client is gone.
      for (const connection of hub.all()) connection.cut();
      await Promise.all(closed);
      requests.stop();
      await reader.stop();
      await lifeline.stop();
      producer.close();
    },
  };
}
