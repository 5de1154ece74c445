import { announceLimits } from '@securechat/directory';
import { createNetworkMatcher, createOriginMatcher, type Kit, type Service, sleep } from '@securechat/kernel';
import { Connection } from './connection/connection.ts';
import { announceRestart, sendAllAway } from './drain.ts';
import { limitsInForce } from './limits/in-force.ts';
import { createParts } from './parts.ts';
import { startSweep } from './sweep.ts';
import { createDoors } from './transport/doors.ts';
import type { Accept } from './transport/transport.ts';

/** Poll interval while waiting for Redis at start. */
const REDIS_LOOK_MS = 50;

/**
 * Holds the sockets: login, checks, limits, and the path to and from the other services. No Postgres, no chat rules.
 *
 * OPENING   until Redis is up and auth has certified this gateway's key: not ready, no door is open.
 * OPEN      clients come and go.
 * DRAINING  the doors are closed, and clients are sent away.
 * STOPPED   all parts are released; reached from each of the others.
 */
export async function createGateway(kit: Kit): Promise<Service> {
  const { logger, clock } = kit;
  const parts = createParts(kit);
  const { config, context, certificate, producer, bulk, lifeline, reader, bulkReader, limits } = parts;
  const { hub, requests, reporter, identity, deployment, revocations } = context;

  let isDraining = false;
  let isStopping = false;
  const accept: Accept = (transport, address) => {
    const connection = new Connection(context, transport, address);
    // It was being accepted when the doors closed.
    if (isStopping) connection.cut();
    else if (isDraining) {
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
    parts.teller.start();
    announced = announceLimits({
      redis: producer.redis,
      prefix: config.streamPrefix,
      service: 'gateway',
      limits: limitsInForce(config),
      logger,
    });
    sweep = startSweep({ hub, requests, clock, logger, onSweep: sweepParts });
    const ports = await openDoors();
    kit.ready.set('doors_open', true);
    logger.info({ gatewayId: context.gatewayId, ...ports, tls: certificate !== undefined }, 'doors open');
  }

  function sweepParts(): void {
    const nowMs = clock.monotonicMs();
    limits.messageLimit.sweep();
    limits.bandwidth.sweep();
    parts.registrar.sweep();
    reporter.sweep(nowMs);
    context.watchers.sweep(nowMs);
  }

  async function openDoors(): Promise<{ wsPort: number; tcpPort: number }> {
    const common = {
      host: config.host,
      tls: certificate?.options,
      handshakeTimeoutMs: config.handshakeTimeoutMs,
      isTrustedProxy: createNetworkMatcher(config.trustedProxies),
      isAllowedOrigin: createOriginMatcher(config.allowedOrigins),
      addresses: limits.addresses,
      storm: limits.storm,
      onTurnedAway: context.metrics.turnedAway,
      accept,
    };
    const ports = await doors.open(common, {
      ws: { port: config.wsPort, proxyProtocol: config.wsProxyProtocol },
      tcp: { port: config.tcpPort, proxyProtocol: config.tcpProxyProtocol },
    });
    certificate?.watch(doors.renew);
    return ports;
  }

  /** Also cancels an opening that still waits for Redis or auth. */
  async function stopOpening(): Promise<void> {
    opening.abort();
    certificate?.stop();
    identity.stop();
    deployment.stop();
    await opened;
    await revocations.stop();
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
      isStopping = true;
      await stopOpening();
      sweep?.stop();
      announced?.stop();
      parts.teller.stop();
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
