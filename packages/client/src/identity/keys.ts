import { generateKeyPair, publicKeyOf, sign } from '@securechat/crypto/e2ee';
import { encodeBase64 } from '@securechat/protocol';
import { randomId } from '../bytes.ts';

/** The key that identifies an account. Its holder decides which devices there are. */
export type AccountKey = { readonly publicKey: Uint8Array; readonly secretKey: Uint8Array };

/** A device's key: for login, for signing envelopes, and as its leaf key in MLS groups. */
export type DeviceKey = {
  readonly deviceId: string;
  readonly publicKey: Uint8Array;
  readonly secretKey: Uint8Array;
};

const DEVICE_ID_BYTES = 9;

export async function createAccountKey(): Promise<AccountKey> {
  return generateKeyPair();
}

/** From the seed, which a recovery code contains. */
export async function accountKeyFrom(seed: Uint8Array): Promise<AccountKey> {
  return { publicKey: await publicKeyOf(seed), secretKey: seed };
}

export async function createDeviceKey(deviceId = randomId('d_', DEVICE_ID_BYTES)): Promise<DeviceKey> {
  return { deviceId, ...(await generateKeyPair()) };
}

/** Base64 of the signature over a protocol transcript. */
export async function signed(key: { secretKey: Uint8Array }, transcript: Uint8Array): Promise<string> {
  return encodeBase64(await sign(key.secretKey, transcript));
}
