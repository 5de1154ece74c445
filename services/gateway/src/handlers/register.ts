import type { Connection } from '../connection/connection.ts';
import type { Session } from '../connection/session.ts';

/**
 * Makes a session findable, here and in the directory. A device's newest connection replaces its older one, wherever
 * that is. While Redis is away the session is only known here; it is registered when Redis is back.
 */
export async function register(connection: Connection, session: Session): Promise<'registered' | 'limit'> {
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
  if (result?.outcome === 'limit') return 'limit';
  if (connection.state === 'closing') {
    // It went while it was being registered, so nobody else will take the route back.
    await unregister(connection, session);
    return 'registered';
  }
  if (result?.outcome === 'outdated') {
    connection.close('replaced');
    return 'registered';
  }
  connection.session = session;
  connection.registeredSince = result?.since;
  context.hub.addDevice(session.device, connection)?.close('replaced');
  if (result?.replaced) await closeElsewhere(connection, result.replaced);
  return 'registered';
}

/** Takes a session's route back, if it is still this connection's. */
export async function unregister({ context, number }: Connection, session: Session): Promise<void> {
  await context.directory
    .remove({ user: session.user, gateway: context.gatewayId, connection: number })
    .catch((err: unknown) =>
      context.logger.debug({ err }, 'route not removed; it is stale and will show itself'),
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
      context.logger.warn({ err }, 'replaced connection not told; it learns by heartbeat'),
    );
}
