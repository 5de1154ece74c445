import { defineMessage } from '../define-message.ts';
import { MessageId, UserId } from '../ids.ts';
import { BLOCK_LIST_ITEMS } from '../limits.ts';
import { Type } from '../schema/type.ts';

/**
 * Up: whom this user has blocked, in byte order of their ids, after `after`. Down: one page of them; with `more`, ask
 * on.
 */
export const blockList = defineMessage({
  name: 'block_list',
  id: 0x0309,
  up: Type.Object({ type: Type.Literal('block_list'), id: MessageId, after: Type.Optional(UserId) }),
  down: Type.Object({
    type: Type.Literal('block_list'),
    ref: MessageId,
    user_ids: Type.Array(UserId, { maxItems: BLOCK_LIST_ITEMS }),
    more: Type.Boolean(),
  }),
});
