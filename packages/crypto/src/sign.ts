import { hash } from 'node:crypto';
import sodium from 'sodium-native';

/**
 * Ed25519 (RFC 8032, pure) for the server: verifying costs about half of what Node's own does. Every signature is over a labelled
 * transcript of `@securechat/protocol`, never over bytes that a peer chose. This folder signs and verifies; nothing in it can encrypt or
 * decrypt.
 */
export const PUBLIC_KEY_BYTES = sodium.crypto_sign_PUBLICKEYBYTES;
export const SEED_BYTES = sodium.crypto_sign_SEEDBYTES;
const SIGNATURE_BYTES = sodium.crypto_sign_BYTES;

/** A private signing key in locked memory, wiped by `wipe()`. */
export type SigningKey = {
  readonly publicKey: Buffer;
  sign(message: Uint8Array): Buffer;
  wipe(): void;
};

export function signingKeyFromSeed(seed: Uint8Array): SigningKey {
  if (seed.length !== SEED_BYTES) throw new RangeError(`a signing seed has ${SEED_BYTES} bytes`);
  const publicKey = Buffer.alloc(PUBLIC_KEY_BYTES);
  const secretKey = sodium.sodium_malloc(sodium.crypto_sign_SECRETKEYBYTES);
  sodium.crypto_sign_seed_keypair(publicKey, secretKey, asBuffer(seed));
  return {
    publicKey,
    sign(message) {
      const signature = Buffer.alloc(SIGNATURE_BYTES);
      sodium.crypto_sign_detached(signature, asBuffer(message), secretKey);
      return signature;
    },
    wipe: () => sodium.sodium_memzero(secretKey),
  };
}

export function createSigningKey(): SigningKey {
  const seed = sodium.sodium_malloc(SEED_BYTES);
  sodium.randombytes_buf(seed);
  const key = signingKeyFromSeed(seed);
  sodium.sodium_memzero(seed);
  return key;
}

/**
 * As strict as libsodium: rejects small-order and non-canonical keys, and malleable signatures. A signature never identifies a message:
 * one message may have several valid signatures, so nothing is deduplicated by it.
 */
export function verifySignature(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  if (publicKey.length !== PUBLIC_KEY_BYTES || signature.length !== SIGNATURE_BYTES) return false;
  return sodium.crypto_sign_verify_detached(asBuffer(signature), asBuffer(message), asBuffer(publicKey));
}

/** Node's SHA-256, two to five times as fast as libsodium's on messages of this size. */
export function sha256(bytes: Uint8Array): Buffer {
  return hash('sha256', bytes, 'buffer');
}

/** Short public id of a key: the first 16 hex digits of its SHA-256. */
export function keyId(publicKey: Uint8Array): string {
  return sha256(publicKey).toString('hex').slice(0, 16);
}

/** sodium-native wants Buffers; this is a view, not a copy. */
function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
