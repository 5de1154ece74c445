import { defineMessage } from '../define-message.ts';
import { Base64, Id, MessageId, PublicKey, Signature } from '../ids.ts';
import { MAX_KEY_PACKAGE_BYTES } from '../limits.ts';
import { Type } from '../schema/type.ts';

/**
 * Stores one key of this device on the server. Only `prekey` is accepted: an MLS KeyPackage, whose init key is
 * `public_key` and whose reference is `key_id`. Answered with `key_count`.
 */
export const keyExchange = defineMessage({
  name: 'key_exchange',
  id: 0x0102,
  up: Type.Object({
    type: Type.Literal('key_exchange'),
    id: MessageId,
    key_type: Type.String({ pattern: '^(?:prekey|identity|ephemeral)$' }),
    /** X25519, the init key of the key package. */
    public_key: PublicKey,
    /** KeyPackageRef, base64url without padding. */
    key_id: Id,
    /** By the device key over `key-exchange`. */
    signature: Signature,
    key_package: Type.Optional(Base64(MAX_KEY_PACKAGE_BYTES)),
    /** Given out repeatedly when no other is left; replaces the previous one. */
    last_resort: Type.Optional(Type.Boolean()),
  }),
});
