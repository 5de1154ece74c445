import { defineMessage } from '../define-message.ts';
import { Role } from '../group-operation.ts';
import {
  ConversationId,
  Count,
  DeviceAddress,
  DeviceId,
  MessageId,
  Sequence,
  Sha256,
  UserId,
} from '../ids.ts';
import {
  GROUP_INFO_ITEMS,
  MAX_COMMIT_REMOVALS,
  MAX_DEVICES_PER_USER,
  MAX_GROUP_BANS,
  MAX_GROUP_INFO_BYTES,
} from '../limits.ts';
import { Type } from '../schema/type.ts';

const GroupMember = Type.Object({
  user_id: UserId,
  role: Role,
  /** Where the member joined; earlier positions are not for them. */
  joined_seq: Sequence,
  /** Devices with which the member takes part. */
  devices: Type.Array(DeviceId, { maxItems: 2 * MAX_DEVICES_PER_USER }),
  /** A member has received or read a message when their mark is not below its `conv_seq`. */
  delivered_through: Count,
  read_through: Count,
});

/** What the server knows about a conversation. This is the server's word; what is signed is the log of operations. */
const groupInfoFields = {
  conversation_id: ConversationId,
  kind: Type.Union([Type.Literal('direct'), Type.Literal('group')]),
  generation: Count,
  epoch: Count,
  /** Position of the operation that started this epoch. */
  epoch_seq: Count,
  /** Newest position assigned. */
  conv_seq: Count,
  /** SHA-256 of the newest operation's transcript; absent when the server no longer knows it. */
  log_head: Type.Optional(Sha256),
  /** Devices that have left and are not yet removed by a commit: those that `COMMIT_REQUIRED` names. */
  commit_required: Type.Array(DeviceAddress, { maxItems: MAX_COMMIT_REMOVALS }),
  /** Users who may not be added, in byte order of their ids; only for a group, and only on the first page. */
  banned: Type.Optional(Type.Array(UserId, { maxItems: MAX_GROUP_BANS })),
  member_count: Count,
  /** In byte order of their ids, after the question's `after`. */
  members: Type.Array(GroupMember, { maxItems: GROUP_INFO_ITEMS }),
  more: Type.Boolean(),
};

/** Up: asks about one's own conversation; `after` for further members of a large one. Down: the answer. */
export const groupInfo = defineMessage({
  name: 'group_info',
  id: 0x0407,
  maxDownBytes: MAX_GROUP_INFO_BYTES,
  up: Type.Object({
    type: Type.Literal('group_info'),
    id: MessageId,
    conversation_id: ConversationId,
    after: Type.Optional(UserId),
  }),
  down: Type.Object({ type: Type.Literal('group_info'), ref: MessageId, ...groupInfoFields }),
});
