import { ProtocolError } from '@securechat/protocol';
import type { Connection } from '../connection/connection.ts';
import type { Session } from '../connection/session.ts';

/** The session of a connection in a state that has one. */
export function sessionOf(connection: Connection): Session {
  if (!connection.session) throw new ProtocolError('UNEXPECTED_MESSAGE');
  return connection.session;
}
