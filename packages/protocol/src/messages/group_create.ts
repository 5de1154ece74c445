import { defineMessage } from '../define-message.ts';
import { DeliveryStamp } from '../envelope.ts';
import {
  AnyDevices,
  EncryptedName,
  KeyMaterial,
  Members,
  operationCaps,
  operationFields,
  previousOperation,
  SomeDevices,
} from '../group-operation.ts';
import { Count } from '../ids.ts';
import { Type } from '../schema/type.ts';

const fields = {
  type: Type.Literal('group_create'),
  ...operationFields,
  /** A direct conversation has two users, and is unique for them. */
  kind: Type.Union([Type.Literal('direct'), Type.Literal('group')]),
  /** All users, including the creator. */
  members: Members,
  /** Devices that take part, including the creating one. */
  added_devices: SomeDevices,
  /** Key material for the added devices; opaque to the server. */
  welcome: KeyMaterial,
  /** Which of the added devices the welcome is for: all but the creating one. */
  welcome_to: AnyDevices,
  name: Type.Optional(EncryptedName),
  /** Restarts a conversation with fresh keys, from this state of it. `generation` is then one more, `epoch` 0. */
  replaces: Type.Optional(Type.Object({ generation: Count, epoch: Count }, { additionalProperties: false })),
  previous_sha256: Type.Optional(previousOperation.previous_sha256),
};

/** Creates a conversation, at `conv_seq` 1, or restarts one, at its next position. */
export const groupCreate = defineMessage({
  name: 'group_create',
  id: 0x0401,
  ...operationCaps,
  up: Type.Object(fields, { additionalProperties: false }),
  down: Type.Object({ ...fields, delivery: DeliveryStamp }),
});
