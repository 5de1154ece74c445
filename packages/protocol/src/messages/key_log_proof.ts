import { defineMessage } from '../define-message.ts';
import { Base64, Count, MessageId, Sequence, Sha256, UserId } from '../ids.ts';
import { MAX_KEY_LOG_NODES } from '../limits.ts';
import { Type } from '../schema/type.ts';

const HASH_BYTES = 32;

/**
 * Up: is this list among the first `size` entries, or are the first `first` entries a prefix of a log of `size`?
 * Down: the hashes of the subtrees that `keyLogCover` names, in its order: those left of the entry and those right of
 * it, or those up to `first` and those after. `position` is the list's, wherever it is; without it the log has no
 * such list.
 */
export const keyLogProof = defineMessage({
  name: 'key_log_proof',
  id: 0x0108,
  up: Type.Object({
    type: Type.Literal('key_log_proof'),
    id: MessageId,
    size: Sequence,
    list: Type.Optional(Type.Object({ user_id: UserId, sha256: Sha256 })),
    first: Type.Optional(Count),
  }),
  down: Type.Object({
    type: Type.Literal('key_log_proof'),
    ref: MessageId,
    position: Type.Optional(Count),
    hashes: Base64(MAX_KEY_LOG_NODES * HASH_BYTES),
  }),
});
