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
 * What all operations on a conversation share. Closed and signed, like an envelope. `generation` and `epoch` are
 * those of the keys that the operation starts from; a commit leads to the next epoch.
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

/** SHA-256 of the previous operation's transcript: a member who has one operation can verify all that follow. */
export const previousOperation = { previous_sha256: Sha256 };

export const Role = Type.Union([Type.Literal('owner'), Type.Literal('admin'), Type.Literal('member')]);

/** Key material is opaque to the server, which only distributes it. */
export const KeyMaterial = Base64((MAX_GROUP_OPERATION_BYTES * 3) / 4);
/** Ciphertext of the group's name, and of whatever its clients keep beside it (a picture's key). */
export const EncryptedName = Base64(MAX_GROUP_NAME_BYTES);
export const Members = Type.Array(UserId, { minItems: 1, maxItems: MAX_GROUP_MEMBERS });
export const Targets = Type.Array(UserId, { minItems: 1, maxItems: MAX_OPERATION_TARGETS });
/** Of one user; recently revoked ones may appear beside the active ones. */
export const OwnDevices = Type.Array(DeviceAddress, { minItems: 1, maxItems: 2 * MAX_DEVICES_PER_USER });
export const SomeDevices = Type.Array(DeviceAddress, { minItems: 1, maxItems: MAX_OPERATION_DEVICES });
export const AnyDevices = Type.Array(DeviceAddress, { maxItems: MAX_OPERATION_DEVICES });

/** Down: existing members get the commit and the welcome's hash, added devices the welcome and the commit's hash. */
export const deliveredMaterial = {
  commit: Type.Optional(KeyMaterial),
  commit_sha256: Type.Optional(Sha256),
  welcome: Type.Optional(KeyMaterial),
  welcome_sha256: Type.Optional(Sha256),
  delivery: DeliveryStamp,
};

/** Caps of operations with key material: the server's stamp and a hash are extra. */
export const operationCaps = {
  maxUpBytes: MAX_GROUP_OPERATION_BYTES,
  maxDownBytes: MAX_GROUP_OPERATION_BYTES + 256,
};
