import { defineMessage } from '../define-message.ts';
import { Base64, DeviceId, Id, MessageId, PublicKey, Signature, UserId } from '../ids.ts';
import { MAX_DEVICES_PER_USER, MAX_KEY_BUNDLE_BYTES, MAX_KEY_PACKAGE_BYTES } from '../limits.ts';
import { type Static, Type } from '../schema/type.ts';

/** One device's key package, as the device uploaded it. */
export const KeyBundle = Type.Object({
  device_id: DeviceId,
  key_id: Id,
  public_key: PublicKey,
  signature: Signature,
  key_package: Base64(MAX_KEY_PACKAGE_BYTES),
  /** True: others get the same one. */
  last_resort: Type.Boolean(),
});
export type KeyBundle = Static<typeof KeyBundle>;

/** A device without an available key package is omitted. */
export const keyBundle = defineMessage({
  name: 'key_bundle',
  id: 0x0104,
  maxDownBytes: MAX_KEY_BUNDLE_BYTES,
  down: Type.Object({
    type: Type.Literal('key_bundle'),
    ref: MessageId,
    user_id: UserId,
    bundles: Type.Array(KeyBundle, { maxItems: MAX_DEVICES_PER_USER }),
  }),
});
