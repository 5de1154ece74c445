import { defineMessage } from '../define-message.ts';
import { ConversationId, Count, DeviceAddress, Id, Sequence, Sha256 } from '../ids.ts';
import { MAX_COMMIT_REMOVALS } from '../limits.ts';
import { Type } from '../schema/type.ts';

/** Something the peer sent was refused. Code and name come from the table in `errors.ts`. */
export const error = defineMessage({
  name: 'error',
  id: 0x0007,
  down: Type.Object({
    type: Type.Literal('error'),
    code: Type.Integer({ minimum: 1000, maximum: 2999 }),
    error_code: Type.String({ pattern: '^[A-Z_]{1,64}$' }),
    error_message: Type.String({ maxLength: 256 }),
    reference_id: Type.Optional(Id),
    retry_after_ms: Type.Optional(Count),
    scope: Type.Optional(Id),
    limit: Type.Optional(Count),
    epoch: Type.Optional(Count),
    generation: Type.Optional(Count),
    conv_seq: Type.Optional(Sequence),
    previous_sha256: Type.Optional(Sha256),
    removed_devices: Type.Optional(Type.Array(DeviceAddress, { maxItems: MAX_COMMIT_REMOVALS })),
    expected: Type.Optional(Count),
    conversation_id: Type.Optional(ConversationId),
    capability: Type.Optional(Type.String({ pattern: '^[a-z0-9_]{1,32}$' })),
    supported_versions: Type.Optional(Type.Array(Type.Union([Type.String(), Count]))),
  }),
});
