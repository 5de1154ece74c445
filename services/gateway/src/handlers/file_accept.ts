import type { Upstream } from '@securechat/protocol';
import type { Connection } from '../connection/connection.ts';
import { askFiles } from './ask-files.ts';

/** Tells the file's sender that this user wants it. */
export function fileAccept(
  connection: Connection,
  message: Upstream<'file_accept'>,
): Promise<void> | undefined {
  return askFiles(connection, message, 'accept', { file_id: message.file_id });
}
