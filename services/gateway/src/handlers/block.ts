import { MAX_BLOCKED_USERS, ProtocolError, type Upstream } from '@securechat/protocol';
import type { Connection } from '../connection/connection.ts';
import { askBlocks } from './ask-blocks.ts';
import { recheckPresence } from './recheck-presence.ts';
import { sessionOf } from './session-of.ts';

/** Blocks everything between this user and that one. Whether that user exists makes no difference. */
export async function block(connection: Connection, message: Upstream<'block'>): Promise<void> {
  const { user, userId } = sessionOf(connection);
  const { id: ref, user_id } = message;
  if (user_id === userId) throw new ProtocolError('PERMISSION_DENIED', { reference_id: ref });
  const answer = await askBlocks(connection, message, 'block', { user, name: user_id });
  if (answer === undefined) return;
  if (!answer.is_blocked) {
    const detail = { scope: 'blocked_users', limit: MAX_BLOCKED_USERS, reference_id: ref };
    throw new ProtocolError('RATE_LIMITED', detail);
  }
  await recheckPresence(connection, user, user_id);
  connection.send('block', { type: 'block', ref, user_id });
}
