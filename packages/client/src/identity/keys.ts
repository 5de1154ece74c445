import { generateKeyPair, publicKeyOf, sign } from '@securechat/crypto/e2ee';
import { encodeBase64 } from '@securechat/protocol';
import { randomId } from '../bytes.ts';

/** The key that an account is known by. Whoever holds it says which devices there are. */
export type AccountKey = { readonly publicKey: Uint8Array; readonly secretKey: Uint8Array };

/** One device's key: it logs in with it, signs its envelopes with it, and is a leaf of MLS groups by it. */
export type DeviceKey = {
  readonly deviceId: string;
  readonly publicKey: Uint8Array;
  readonly secretKey: Uint8Array;
};

const DEVICE_ID_BYTES = 9;

export async function createAccountKey(): Promise<AccountKey> {
  return generateKeyPair();
}

/** From the seed, which is what a recovery code holds. */
export async function accountKeyFrom(seed: Uint8Array): Promise<AccountKey> {
  return { publicKey: await publicKeyOf(seed), secretKey: seed };
}

export async function createDeviceKey(deviceId = randomId('d_', DEVICE_ID_BYTES)): Promise<DeviceKey> {
  return { deviceId, ...(await generateKeyPair()) };
}

/** Base64 of a signature over a transcript of the protocol. */
export async function signed(key: { secretKey: Uint8Array }, transcript: Uint8Array): Promise<string> {
  return encodeBase64(await sign(key.secretKey, transcript));
}
