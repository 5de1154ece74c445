import type { Upstream } from '@securechat/protocol';
import type { Connection } from '../connection/connection.ts';
import { sessionOf } from './session-of.ts';
import { takeStatus } from './take-status.ts';

/** How this device is from now on. It is said on by the gateway as long as the connection lives. */
export function presence(connection: Connection, message: Upstream<'presence'>): undefined {
  sessionOf(connection);
  takeStatus(connection);
  connection.standing.status = message.status;
  connection.context.reporter.changed(connection);
}
