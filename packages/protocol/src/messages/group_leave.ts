import { defineMessage } from '../define-message.ts';
import { DeliveryStamp } from '../envelope.ts';
import { OwnDevices, operationFields, previousOperation } from '../group-operation.ts';
import { Type } from '../schema/type.ts';

const fields = {
  type: Type.Literal('group_leave'),
  ...operationFields,
  ...previousOperation,
  /** All devices by which the sender takes part, the sending one among them. */
  removed_devices: OwnDevices,
};

/**
 * The sender leaves, with all devices and at once. It has no commit, because nobody can remove itself: the epoch ends
 * with the `group_commit` of somebody who stays.
 */
export const groupLeave = defineMessage({
  name: 'group_leave',
  id: 0x0404,
  up: Type.Object(fields, { additionalProperties: false }),
  down: Type.Object({ ...fields, delivery: DeliveryStamp }),
});
