import type { Connection } from '../connection/connection.ts';
import type { Session } from '../connection/session.ts';

/** Only a closed connection makes room, and clients come and go. */
const CONNECTION_LIMIT_RETRY_MS = 60_000;

/**
 * Makes a session findable, here and in the directory. A device's newest connection replaces its older one on any
 * gateway; one over the limit is closed. While Redis is down the session is only known here; once it is back the
 * session is registered and the limit checked. The connection may be closing when this resolves.
 */
export async function register(connection: Connection, session: Session): Promise<void> {
  const { context } = connection;
  const result = await context.directory
    .register({
      user: session.user,
      device: session.device,
      gateway: context.gatewayId,
      connection: connection.number,
      since: connection.registeredSince,
      maxConnections: context.connectionsPerUser,
      liveGateways: context.liveGateways(),
    })
    .catch((err: unknown) => {
      context.logger.warn({ err }, 'connection not registered; it will be when Redis is back');
      return undefined;
    });
  if (result?.outcome === 'limit') return refuse(connection);
  // It closed while being registered, so nobody else will remove the route.
  if (connection.state === 'closing') return await unregister(connection, session);
  if (result?.outcome === 'outdated') return connection.close('replaced');
  connection.session = session;
  connection.isRegistered = result !== undefined;
  // Kept when registering again fails: that must not make it the newest connection of its device.
  connection.registeredSince = result?.since ?? connection.registeredSince;
  context.hub.addDevice(session.device, connection)?.close('replaced');
  if (result?.replaced) await closeElsewhere(connection, result.replaced);
}

function refuse(connection: Connection): void {
  const { connectionsPerUser: limit, metrics } = connection.context;
  metrics.limited('connections_per_user');
  const detail = { scope: 'user_connections', limit, retry_after_ms: CONNECTION_LIMIT_RETRY_MS };
  connection.sendError('RATE_LIMITED', detail);
  connection.close('connection_limit');
}

/** Removes a session's route, if it is still this connection's. */
export async function unregister({ context, number }: Connection, session: Session): Promise<void> {
  await context.directory
    .remove({ user: session.user, gateway: context.gatewayId, connection: number })
    .catch((err: unknown) =>
      context.logger.debug({ err }, 'route not removed; it is stale and will be noticed'),
    );
}

async function closeElsewhere(
  connection: Connection,
  older: { gateway: string; connection: number },
): Promise<void> {
  const { context } = connection;
  if (older.gateway === context.gatewayId) return context.hub.get(older.connection)?.close('replaced');
  const head = { kind: 'close', connection: older.connection, reason: 'replaced' } as const;
  await context.outStreams
    .send(older.gateway, [{ head, body: new Uint8Array(0) }])
    .catch((err: unknown) =>
      context.logger.warn({ err }, 'replaced connection not told; its heartbeat will tell'),
    );
}
