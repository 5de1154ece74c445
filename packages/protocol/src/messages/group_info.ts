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
  /** Where the member joined; earlier places are not for it. */
  joined_seq: Sequence,
  /** Devices by which the member takes part. */
  devices: Type.Array(DeviceId, { maxItems: 2 * MAX_DEVICES_PER_USER }),
  /** Who has received and read a message: those whose mark is not below its `conv_seq`. */
  delivered_through: Count,
  read_through: Count,
});

/** What the server knows of a conversation. Its word; what is signed is the log of operations. */
const groupInfoFields = {
  conversation_id: ConversationId,
  kind: Type.Union([Type.Literal('direct'), Type.Literal('group')]),
  generation: Count,
  epoch: Count,
  /** Place of the operation that led to this epoch. */
  epoch_seq: Count,
  /** Newest place that was given. */
  conv_seq: Count,
  /** SHA-256 of the newest operation's transcript; absent when the server does not know it any more. */
  log_head: Type.Optional(Sha256),
  /** Devices that are gone and not yet removed by a commit: those that `COMMIT_REQUIRED` names. */
  commit_required: Type.Array(DeviceAddress, { maxItems: MAX_COMMIT_REMOVALS }),
  /** Who may not be added, by the bytes of their ids; of a group, and with the first page only. */
  banned: Type.Optional(Type.Array(UserId, { maxItems: MAX_GROUP_BANS })),
  member_count: Count,
  /** In the order of the bytes of their ids, behind the `after` of the question. */
  members: Type.Array(GroupMember, { maxItems: GROUP_INFO_ITEMS }),
  more: Type.Boolean(),
};

/** Up: asks about a conversation of one's own; `after` for the further members of a large one. Down: the answer. */
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
