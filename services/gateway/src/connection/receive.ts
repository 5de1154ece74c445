import {
  decodeUpstream,
  type Frame,
  ProtocolError,
  type UpstreamName,
  upstreamById,
} from '@securechat/protocol';
import { handlers } from '../handlers/index.ts';
import { requireCapability } from './capabilities.ts';
import type { Connection } from './connection.ts';
import { allowedIn } from './states.ts';

/**
 * The path of an incoming frame: is this type allowed now, is it well formed, may this client send it; then its
 * handler. Returns a promise only when something must be awaited. Throws `ProtocolError` for the peer's faults.
 */
export function receive(connection: Connection, frame: Frame): Promise<void> | undefined {
  if (connection.state === 'closing') return undefined;
  const name = upstreamById.get(frame.type)?.name as UpstreamName | undefined;
  connection.context.metrics.received(name ?? 'unknown');
  if (name === undefined && connection.state === 'ready') throw new ProtocolError('UNKNOWN_TYPE');
  if (name === undefined || !allowedIn[connection.state].includes(name))
    throw new ProtocolError('UNEXPECTED_MESSAGE');
  const message = decodeUpstream(frame.type, frame.payload);
  requireCapability(connection, message);
  const handle = handlers[name] as (...args: [Connection, unknown, Uint8Array]) => Promise<void> | undefined;
  return handle(connection, message, frame.payload);
}
