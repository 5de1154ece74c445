import type { Upstream } from '@securechat/protocol';
import type { Connection } from '../connection/connection.ts';

/** The client found a hole: everything behind `from` is sent again. */
export function sync(connection: Connection, message: Upstream<'sync'>): undefined {
  connection.mailbox.catchUp(message.from);
}
