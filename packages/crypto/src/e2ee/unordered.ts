import { concat } from '@securechat/protocol';
import { owned } from './bytes.ts';
import type { DeviceRef, E2eeEngine, GroupState } from './engine.ts';
import { E2eeError } from './errors.ts';
import { framePlaintext, unframePlaintext } from './plaintext.ts';

/**
 * For data outside the ordered mailbox, where messages may overtake each other and message keys would be gone. AES-256-GCM under one key
 * per epoch, purpose and sending device. Every member knows the key, so the signature around it identifies the sender, and the caller has
 * to detect replays.
 */
export type Purpose = 'presence' | 'p2p' | 'name';

const KEY_BYTES = 32;
/** Random nonces: safe for far fewer than 2^32 messages per key, and an epoch lasts a week. */
const NONCE_BYTES = 12;

/** `nonce ‖ ciphertext ‖ tag`, padded to a size class. RangeError when `plaintext` exceeds every class. */
export async function sealUnordered(
  engine: E2eeEngine,
  state: GroupState,
  sender: DeviceRef,
  purpose: Purpose,
  plaintext: Uint8Array,
  authenticatedData: Uint8Array,
): Promise<Uint8Array<ArrayBuffer>> {
  const framed = framePlaintext(plaintext);
  const key = await keyFor(engine, state, sender, purpose);
  const iv = crypto.getRandomValues(new Uint8Array(NONCE_BYTES));
  const algorithm = { name: 'AES-GCM', iv, additionalData: owned(authenticatedData) };
  return concat(iv, new Uint8Array(await crypto.subtle.encrypt(algorithm, key, framed)));
}

export async function openUnordered(
  engine: E2eeEngine,
  state: GroupState,
  sender: DeviceRef,
  purpose: Purpose,
  sealed: Uint8Array,
  authenticatedData: Uint8Array,
): Promise<Uint8Array<ArrayBuffer>> {
  const key = await keyFor(engine, state, sender, purpose);
  const iv = owned(sealed.subarray(0, NONCE_BYTES));
  const algorithm = { name: 'AES-GCM', iv, additionalData: owned(authenticatedData) };
  let framed: ArrayBuffer;
  try {
    framed = await crypto.subtle.decrypt(algorithm, key, owned(sealed.subarray(NONCE_BYTES)));
  } catch (error) {
    throw new E2eeError('cryptography', { cause: error });
  }
  return unframePlaintext(new Uint8Array(framed));
}

async function keyFor(
  engine: E2eeEngine,
  state: GroupState,
  { userId, deviceId }: DeviceRef,
  purpose: Purpose,
): ReturnType<typeof crypto.subtle.importKey> {
  const context = new TextEncoder().encode(`${userId}:${deviceId}`);
  const secret = await engine.exportSecret(state, `SecureChat/1 ${purpose}`, context, KEY_BYTES);
  try {
    return await crypto.subtle.importKey('raw', secret, 'AES-GCM', false, ['encrypt', 'decrypt']);
  } finally {
    secret.fill(0);
  }
}
