import type { Upstream } from '@securechat/protocol';
import type { Connection } from '../connection/connection.ts';
import { askFiles } from './ask-files.ts';

/** Withdraws one of this user's own files. */
export function fileCancel(
  connection: Connection,
  message: Upstream<'file_cancel'>,
): Promise<void> | undefined {
  return askFiles(connection, message, 'cancel', { file_id: message.file_id });
}
