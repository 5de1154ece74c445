import { defineMessage } from '../define-message.ts';
import {
  AnyDevices,
  deliveredMaterial,
  KeyMaterial,
  operationCaps,
  operationFields,
  previousOperation,
  Targets,
} from '../group-operation.ts';
import { Type } from '../schema/type.ts';

const fields = {
  type: Type.Literal('group_member_remove'),
  ...operationFields,
  ...previousOperation,
  targets: Targets,
  /** All devices with which these users take part. */
  removed_devices: AnyDevices,
  /** They may not be added again. */
  ban: Type.Optional(Type.Boolean()),
};

/** Removes members, and optionally bans them; leads to the next epoch. It is the last thing that their devices get. */
export const groupMemberRemove = defineMessage({
  name: 'group_member_remove',
  id: 0x0403,
  ...operationCaps,
  up: Type.Object({ ...fields, commit: KeyMaterial }, { additionalProperties: false }),
  down: Type.Object({ ...fields, ...deliveredMaterial }),
});
