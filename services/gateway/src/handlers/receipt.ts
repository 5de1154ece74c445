import type { Upstream } from '@securechat/protocol';
import type { Connection } from '../connection/connection.ts';
import { sessionOf } from './session-of.ts';

/** The user has read a conversation up to here. */
export function receipt(connection: Connection, message: Upstream<'receipt'>): undefined {
  const { conversation_id, read_through } = message;
  connection.context.ackIngress.read(connection.number, sessionOf(connection), conversation_id, read_through);
}
