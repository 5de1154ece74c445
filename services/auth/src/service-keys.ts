import { keyId, type SigningKey } from '@securechat/crypto/sign';
import type { ServiceKey } from '@securechat/protocol/internal';

/** The public half, as clients pin it and gateways verify tickets with it. */
export function serviceKeysOf(...keys: SigningKey[]): ServiceKey[] {
  return keys.map(({ publicKey }) => ({ id: keyId(publicKey), public_key: publicKey.toString('base64') }));
}
