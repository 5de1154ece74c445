import type { Upstream } from '@securechat/protocol';
import type { Connection } from '../connection/connection.ts';

/** Starts delivery behind the client's cursor. */
export function resume(connection: Connection, message: Upstream<'resume'>): undefined {
  connection.mailbox.resume(message.cursor, message.mailbox_epoch, message.receipts_since_ms);
}
