import type { Upstream } from '@securechat/protocol';
import type { Connection } from '../connection/connection.ts';
import { askFiles } from './ask-files.ts';

/** The state of a file, or what this user stores. */
export function fileStatus(
  connection: Connection,
  message: Upstream<'file_status'>,
): Promise<void> | undefined {
  const { file_id, after } = message;
  return askFiles(connection, message, 'status', { file_id, after });
}
