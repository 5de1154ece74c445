import type { Upstream } from '@securechat/protocol';
import type { Connection } from '../connection/connection.ts';
import { askFiles } from './ask-files.ts';

/** Passes on a transfer's progress; from the file's sender, that all of it has been sent. */
export function fileProgress(
  connection: Connection,
  message: Upstream<'file_progress'>,
): Promise<void> | undefined {
  const { file_id, bytes_received, total_bytes, status, sha256 } = message;
  const question = { file_id, bytes_received, total_bytes, status, sha256 };
  return askFiles(connection, message, 'progress', question);
}
