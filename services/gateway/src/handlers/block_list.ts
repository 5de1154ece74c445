import { BLOCK_LIST_ITEMS, type Upstream } from '@securechat/protocol';
import type { Connection } from '../connection/connection.ts';
import { askBlocks } from './ask-blocks.ts';
import { sessionOf } from './session-of.ts';

/** Tells any device of a user whom that user has blocked, one page at a time. */
export async function blockList(connection: Connection, message: Upstream<'block_list'>): Promise<void> {
  const { user } = sessionOf(connection);
  const question = { user, after: message.after ?? '', limit: BLOCK_LIST_ITEMS };
  const answer = await askBlocks(connection, message, 'block_list', question);
  if (!answer) return;
  const { names: user_ids, more } = answer;
  connection.send('block_list', { type: 'block_list', ref: message.id, user_ids, more });
}
