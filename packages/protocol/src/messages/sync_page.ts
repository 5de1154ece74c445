import { defineMessage } from '../define-message.ts';
import { Count } from '../ids.ts';
import { MAX_SYNC_PAGE_BYTES } from '../limits.ts';
import { Type } from '../schema/type.ts';
import { chat } from './chat.ts';
import { groupCommit } from './group_commit.ts';
import { groupCreate } from './group_create.ts';
import { groupLeave } from './group_leave.ts';
import { groupMemberAdd } from './group_member_add.ts';
import { groupMemberRemove } from './group_member_remove.ts';
import { groupUpdate } from './group_update.ts';
import { historyTruncated } from './history_truncated.ts';
import { Watermarks } from './receipt.ts';

/**
 * A stretch of the mailbox in order. `through` may lie beyond the last item: what is missing in between has expired,
 * and the cursor skips it. `more` says that another page follows once this one is acknowledged.
 */
export const syncPage = defineMessage({
  name: 'sync_page',
  id: 0x0306,
  maxDownBytes: MAX_SYNC_PAGE_BYTES,
  down: Type.Object({
    type: Type.Literal('sync_page'),
    items: Type.Array(
      Type.Union([
        chat.down,
        groupCreate.down,
        groupMemberAdd.down,
        groupMemberRemove.down,
        groupLeave.down,
        groupUpdate.down,
        groupCommit.down,
        historyTruncated.down,
      ]),
    ),
    through: Count,
    more: Type.Boolean(),
    mailbox_epoch: Count,
    receipts: Type.Optional(Type.Array(Watermarks)),
  }),
});
