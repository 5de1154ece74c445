import { defineMessage } from '../define-message.ts';
import { DeviceId, MessageId, PublicKey, Sequence, Sha256, Signature, UnixSeconds, UserId } from '../ids.ts';
import { MAX_DEVICES_PER_USER } from '../limits.ts';
import { type Static, Type } from '../schema/type.ts';

/** A device key with the account key's signature over it (`device-cert`). */
export const DeviceCertificate = Type.Object({
  device_id: DeviceId,
  public_key: PublicKey,
  created_at: UnixSeconds,
  signature: Signature,
});
export type DeviceCertificate = Static<typeof DeviceCertificate>;

/** All devices of a user, signed by the account key; each version carries the previous one's hash. */
const deviceListFields = {
  user_id: UserId,
  account_key: PublicKey,
  version: Sequence,
  previous_sha256: Type.Optional(Sha256),
  created_at: UnixSeconds,
  devices: Type.Array(DeviceCertificate, { minItems: 1, maxItems: MAX_DEVICES_PER_USER }),
  signature: Signature,
};
export const SignedDeviceList = Type.Object(deviceListFields);
export type SignedDeviceList = Static<typeof SignedDeviceList>;

/** Up: requests a user's newest device list. Down: the list, to be verified against the pinned account key. */
export const deviceList = defineMessage({
  name: 'device_list',
  id: 0x0101,
  up: Type.Object({ type: Type.Literal('device_list'), id: MessageId, user_id: UserId }),
  down: Type.Object({ type: Type.Literal('device_list'), ref: MessageId, ...deviceListFields }),
});
