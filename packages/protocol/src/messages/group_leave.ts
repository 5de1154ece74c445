import { defineMessage } from '../define-message.ts';
import { DeliveryStamp } from '../envelope.ts';
import { OwnDevices, operationFields, previousOperation } from '../group-operation.ts';
import { Type } from '../schema/type.ts';

const fields = {
  type: Type.Literal('group_leave'),
  ...operationFields,
  ...previousOperation,
  /** All devices with which the sender takes part, including the sending one. */
  removed_devices: OwnDevices,
};

/**
 * The sender leaves, with all devices and at once. Carries no commit, because no device can remove itself: the epoch
 * ends with the `group_commit` of a remaining member.
 */
export const groupLeave = defineMessage({
  name: 'group_leave',
  id: 0x0404,
  up: Type.Object(fields, { additionalProperties: false }),
  down: Type.Object({ ...fields, delivery: DeliveryStamp }),
});
