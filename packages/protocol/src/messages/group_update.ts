import { defineMessage } from '../define-message.ts';
import { DeliveryStamp } from '../envelope.ts';
import { EncryptedName, operationFields, previousOperation, Role, Targets } from '../group-operation.ts';
import { Type } from '../schema/type.ts';

const fields = {
  type: Type.Literal('group_update'),
  ...operationFields,
  ...previousOperation,
  /** Members who get `role`, or users who are no members and whom `ban` concerns: with one of the two, or without both. */
  targets: Type.Optional(Targets),
  role: Type.Optional(Role),
  /** True: nobody may add the targets; false: that is lifted. */
  ban: Type.Optional(Type.Boolean()),
  name: Type.Optional(EncryptedName),
};

/** Changes roles or bans, the name, or both. The epoch stays. */
export const groupUpdate = defineMessage({
  name: 'group_update',
  id: 0x0405,
  up: Type.Object(fields, { additionalProperties: false }),
  down: Type.Object({ ...fields, delivery: DeliveryStamp }),
});
