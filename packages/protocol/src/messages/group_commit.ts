import { defineMessage } from '../define-message.ts';
import {
  AnyDevices,
  deliveredMaterial,
  KeyMaterial,
  operationCaps,
  operationFields,
  previousOperation,
} from '../group-operation.ts';
import { Type } from '../schema/type.ts';

const fields = {
  type: Type.Literal('group_commit'),
  ...operationFields,
  ...previousOperation,
  /** Devices of members that join, and that are removed. Both empty: only fresh keys. */
  added_devices: AnyDevices,
  removed_devices: AnyDevices,
  /** The same as `added_devices`. */
  welcome_to: AnyDevices,
};

/** Leads to the next epoch without changing membership, in direct conversations as in groups. */
export const groupCommit = defineMessage({
  name: 'group_commit',
  id: 0x0406,
  ...operationCaps,
  up: Type.Object(
    { ...fields, commit: KeyMaterial, welcome: Type.Optional(KeyMaterial) },
    { additionalProperties: false },
  ),
  down: Type.Object({ ...fields, ...deliveredMaterial }),
});
