import { DeliveryStamp } from './envelope.ts';
import {
  Base64,
  ConversationId,
  Count,
  DeviceAddress,
  DeviceId,
  MessageId,
  Nonce,
  Sha256,
  Signature,
  UnixSeconds,
  UserId,
} from './ids.ts';
import {
  MAX_DEVICES_PER_USER,
  MAX_GROUP_MEMBERS,
  MAX_GROUP_NAME_BYTES,
  MAX_GROUP_OPERATION_BYTES,
  MAX_OPERATION_DEVICES,
  MAX_OPERATION_TARGETS,
} from './limits.ts';
import { Type } from './schema/type.ts';

/**
 * What all operations on a conversation have in common. Closed and signed, like an envelope. `generation` and `epoch`
 * are those of the keys that the operation begins from; a commit leads to the next epoch.
 */
export const operationFields = {
  id: MessageId,
  conversation_id: ConversationId,
  generation: Count,
  epoch: Count,
  from: UserId,
  device_id: DeviceId,
  timestamp: UnixSeconds,
  nonce: Nonce,
  signature: Signature,
};

/** SHA-256 of the transcript of the operation before it: a member who has one can check all that follow. */
export const previousOperation = { previous_sha256: Sha256 };

export const Role = Type.Union([Type.Literal('owner'), Type.Literal('admin'), Type.Literal('member')]);

/** Key material is opaque to the server, which only hands it out. */
export const KeyMaterial = Base64((MAX_GROUP_OPERATION_BYTES * 3) / 4);
/** Ciphertext of what the group is called, and of whatever its clients keep beside the name (a picture's key). */
export const EncryptedName = Base64(MAX_GROUP_NAME_BYTES);
export const Members = Type.Array(UserId, { minItems: 1, maxItems: MAX_GROUP_MEMBERS });
export const Targets = Type.Array(UserId, { minItems: 1, maxItems: MAX_OPERATION_TARGETS });
/** Of one user; those that were revoked lately may stand beside the active ones. */
export const OwnDevices = Type.Array(DeviceAddress, { minItems: 1, maxItems: 2 * MAX_DEVICES_PER_USER });
export const SomeDevices = Type.Array(DeviceAddress, { minItems: 1, maxItems: MAX_OPERATION_DEVICES });
export const AnyDevices = Type.Array(DeviceAddress, { maxItems: MAX_OPERATION_DEVICES });

/** Down: who takes part already gets the commit and the welcome's hash, who is added the welcome and the commit's hash. */
export const deliveredMaterial = {
  commit: Type.Optional(KeyMaterial),
  commit_sha256: Type.Optional(Sha256),
  welcome: Type.Optional(KeyMaterial),
  welcome_sha256: Type.Optional(Sha256),
  delivery: DeliveryStamp,
};

/** Caps of operations that carry key material: the server's stamp and a hash come on top. */
export const operationCaps = {
  maxUpBytes: MAX_GROUP_OPERATION_BYTES,
  maxDownBytes: MAX_GROUP_OPERATION_BYTES + 256,
};
