import type { Upstream } from '@securechat/protocol';
import type { Connection } from '../connection/connection.ts';
import { passOperation } from './pass-operation.ts';

/** Changes roles or the name of a group. Counts as a group operation of its sender. */
export function groupUpdate(
  connection: Connection,
  message: Upstream<'group_update'>,
  payload: Uint8Array,
): Promise<void> | undefined {
  return passOperation(connection, message, payload, 'group_operation');
}
