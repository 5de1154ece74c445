import type { Upstream } from '@securechat/protocol';
import type { Connection } from '../connection/connection.ts';
import { askFiles } from './ask-files.ts';

/** Gives up this user's access to the file. */
export function fileDecline(
  connection: Connection,
  message: Upstream<'file_decline'>,
): Promise<void> | undefined {
  return askFiles(connection, message, 'decline', { file_id: message.file_id });
}
