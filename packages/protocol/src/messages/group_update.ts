import { defineMessage } from '../define-message.ts';
import { DeliveryStamp } from '../envelope.ts';
import { EncryptedName, operationFields, previousOperation, Role, Targets } from '../group-operation.ts';
import { Type } from '../schema/type.ts';

const fields = {
  type: Type.Literal('group_update'),
  ...operationFields,
  ...previousOperation,
  /** Members who get `role`, or non-members whom `ban` concerns; present exactly when one of the two is. */
  targets: Type.Optional(Targets),
  role: Type.Optional(Role),
  /** True: nobody may add the targets; false: lifts that. */
  ban: Type.Optional(Type.Boolean()),
  name: Type.Optional(EncryptedName),
};

/** Changes roles or bans, the name, or both. The epoch does not change. */
export const groupUpdate = defineMessage({
  name: 'group_update',
  id: 0x0405,
  up: Type.Object(fields, { additionalProperties: false }),
  down: Type.Object({ ...fields, delivery: DeliveryStamp }),
});
