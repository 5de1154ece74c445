import type { Upstream } from '@securechat/protocol';
import type { Connection } from '../connection/connection.ts';
import { passOperation } from './pass-operation.ts';

/** Leaves a conversation with all devices. Counts as a group operation of its sender. */
export function groupLeave(
  connection: Connection,
  message: Upstream<'group_leave'>,
  payload: Uint8Array,
): Promise<void> | undefined {
  return passOperation(connection, message, payload, 'group_operation');
}
