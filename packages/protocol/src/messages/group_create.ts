import Type from 'typebox';
import { defineMessage } from '../define-message.ts';
import { DeliveryStamp } from '../envelope.ts';
import {
  Base64,
  ConversationId,
  Count,
  DeviceAddress,
  DeviceId,
  MessageId,
  Nonce,
  Signature,
  UnixSeconds,
  UserId,
} from '../ids.ts';
import { MAX_GROUP_OPERATION_BYTES } from '../limits.ts';

const fields = {
  type: Type.Literal('group_create'),
  id: MessageId,
  kind: Type.Literal('direct'),
  conversation_id: ConversationId,
  /** Grows when a conversation is started over with fresh keys; a first creation is generation 0, epoch 0. */
  generation: Count,
  epoch: Count,
  from: UserId,
  device_id: DeviceId,
  timestamp: UnixSeconds,
  nonce: Nonce,
  /** The two users, the creator among them. */
  members: Type.Array(UserId, { minItems: 2, maxItems: 2 }),
  /** Devices that take part, the creating one among them. */
  added_devices: Type.Array(DeviceAddress, { minItems: 1, maxItems: 20 }),
  /** Key material for the added devices; opaque to the server. */
  welcome: Base64((MAX_GROUP_OPERATION_BYTES * 3) / 4),
  /** Which of the added devices the welcome is for. */
  welcome_to: Type.Array(DeviceAddress, { maxItems: 20 }),
  signature: Signature,
};

/** Creates a conversation; its place is `conv_seq` 1. A direct one is unique for each pair of users. */
export const groupCreate = defineMessage({
  name: 'group_create',
  id: 0x0401,
  maxUpBytes: MAX_GROUP_OPERATION_BYTES,
  maxDownBytes: MAX_GROUP_OPERATION_BYTES + 256,
  up: Type.Object(fields, { additionalProperties: false }),
  down: Type.Object({ ...fields, delivery: DeliveryStamp }),
});
