import type { Upstream } from '@securechat/protocol';
import type { Connection } from '../connection/connection.ts';
import { chargeSync } from './sync.ts';

/** Starts delivery after the client's cursor. */
export function resume(connection: Connection, message: Upstream<'resume'>): undefined {
  chargeSync(connection);
  connection.mailbox.resume(message.cursor, message.mailbox_epoch, message.receipts_since_ms);
}
