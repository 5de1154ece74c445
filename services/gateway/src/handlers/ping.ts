import { ProtocolError, type Upstream } from '@securechat/protocol';
import type { Connection } from '../connection/connection.ts';

/** Heartbeat: answered at once with the same sequence number, which must increase. */
export function ping(connection: Connection, message: Upstream<'ping'>): undefined {
  const { clock } = connection.context;
  if (message.sequence <= connection.lastPingSequence) {
    throw new ProtocolError('INVALID_MESSAGE_FORMAT', { path: '/sequence' });
  }
  connection.lastPingSequence = message.sequence;
  const retryAfterMs = connection.rates.take('pings', clock.monotonicMs());
  if (retryAfterMs > 0)
    throw new ProtocolError('RATE_LIMITED', { scope: 'pings', retry_after_ms: retryAfterMs });
  connection.send('pong', {
    type: 'pong',
    timestamp: Math.floor(clock.now() / 1000),
    sequence: message.sequence,
  });
}
