import type { Upstream } from '@securechat/protocol';
import type { Connection } from '../connection/connection.ts';
import { sessionOf } from './session-of.ts';
import { takeStatus } from './take-status.ts';

/** This device's status from now on. The gateway keeps reporting it while the connection lives. */
export function presence(connection: Connection, message: Upstream<'presence'>): undefined {
  sessionOf(connection);
  takeStatus(connection);
  connection.standing.status = message.status;
  connection.context.reporter.changed(connection);
}
