import type { Upstream } from '@securechat/protocol';
import type { Connection } from '../connection/connection.ts';
import { askBlocks } from './ask-blocks.ts';
import { recheckPresence } from './recheck-presence.ts';
import { sessionOf } from './session-of.ts';

/** Removes a block, if there is one. */
export async function unblock(connection: Connection, message: Upstream<'unblock'>): Promise<void> {
  const { user } = sessionOf(connection);
  const { id: ref, user_id } = message;
  const answer = await askBlocks(connection, message, 'unblock', { user, name: user_id });
  if (!answer) return;
  await recheckPresence(connection, user, user_id);
  connection.send('unblock', { type: 'unblock', ref, user_id });
}
