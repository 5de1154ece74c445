import { defineMessage } from '../define-message.ts';
import {
  deliveredMaterial,
  KeyMaterial,
  operationCaps,
  operationFields,
  previousOperation,
  SomeDevices,
  Targets,
} from '../group-operation.ts';
import { Type } from '../schema/type.ts';

const fields = {
  type: Type.Literal('group_member_add'),
  ...operationFields,
  ...previousOperation,
  /** Users to be added as members. */
  targets: Targets,
  /** Devices of these users, at least one each. */
  added_devices: SomeDevices,
  /** The same devices: the welcome is for them. */
  welcome_to: SomeDevices,
};

/** Adds members with their devices; leads to the next epoch. */
export const groupMemberAdd = defineMessage({
  name: 'group_member_add',
  id: 0x0402,
  ...operationCaps,
  up: Type.Object({ ...fields, commit: KeyMaterial, welcome: KeyMaterial }, { additionalProperties: false }),
  down: Type.Object({ ...fields, ...deliveredMaterial }),
});
