import type { Upstream } from '@securechat/protocol';
import type { Connection } from '../connection/connection.ts';
import { passOperation } from './pass-operation.ts';

/** Gives a conversation fresh keys, for the same members. Counts as a group commit of its sender. */
export function groupCommit(
  connection: Connection,
  message: Upstream<'group_commit'>,
  payload: Uint8Array,
): Promise<void> | undefined {
  return passOperation(connection, message, payload, 'group_commit');
}
