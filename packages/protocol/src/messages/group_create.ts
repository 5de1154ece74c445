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
  /** A direct conversation is one of two users, and unique for them. */
  kind: Type.Union([Type.Literal('direct'), Type.Literal('group')]),
  /** All users, the creator among them. */
  members: Members,
  /** Devices that take part, the creating one among them. */
  added_devices: SomeDevices,
  /** Key material for the added devices; opaque to the server. */
  welcome: KeyMaterial,
  /** Which of the added devices the welcome is for: all but the creating one. */
  welcome_to: AnyDevices,
  name: Type.Optional(EncryptedName),
  /** Starts a conversation over with fresh keys, from this state of it. `generation` is then one more, `epoch` 0. */
  replaces: Type.Optional(Type.Object({ generation: Count, epoch: Count }, { additionalProperties: false })),
  previous_sha256: Type.Optional(previousOperation.previous_sha256),
};

/** Creates a conversation, at `conv_seq` 1, or starts one over, at its next place. */
export const groupCreate = defineMessage({
  name: 'group_create',
  id: 0x0401,
  ...operationCaps,
  up: Type.Object(fields, { additionalProperties: false }),
  down: Type.Object({ ...fields, delivery: DeliveryStamp }),
});
