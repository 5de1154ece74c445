import type { Upstream } from '@securechat/protocol';
import type { Connection } from '../connection/connection.ts';
import { passOperation } from './pass-operation.ts';

/** Adds members and their devices to a group. Counts as a group operation of its sender. */
export function groupMemberAdd(
  connection: Connection,
  message: Upstream<'group_member_add'>,
  payload: Uint8Array,
): Promise<void> | undefined {
  return passOperation(connection, message, payload, 'group_operation');
}
