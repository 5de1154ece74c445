import { concat, encodeBase64 } from '@securechat/protocol';
import { isSoundEd25519Key } from '../curve25519-points.ts';
import { owned } from './bytes.ts';

/**
 * Ed25519 (RFC 8032, pure) by WebCrypto, for browsers and Node. Secret keys are seeds. As on the server, every signature is
 * over a labelled transcript or over what MLS labels, never over bytes a peer chose.
 */
const SEED_BYTES = 32;
const SIGNATURE_BYTES = 64;
const R_BYTES = 32;

export type KeyPair = { publicKey: Uint8Array<ArrayBuffer>; secretKey: Uint8Array<ArrayBuffer> };

export async function generateKeyPair(): Promise<KeyPair> {
  const secretKey = crypto.getRandomValues(new Uint8Array(SEED_BYTES));
  return { publicKey: await publicKeyOf(secretKey), secretKey };
}

/** The public key of a seed. */
export async function publicKeyOf(seed: Uint8Array): Promise<Uint8Array<ArrayBuffer>> {
  const key = await importSeed(seed, true);
  // how WebCrypto gets from a secret key to its public key
  const { x = '' } = await crypto.subtle.exportKey('jwk', key);
  const text = x.replaceAll('-', '+').replaceAll('_', '/');
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}

export async function sign(seed: Uint8Array, message: Uint8Array): Promise<Uint8Array<ArrayBuffer>> {
  const known = signingKeys.get(seed);
  const key = known ?? (await importSeed(seed, false));
  if (known === undefined) signingKeys.set(seed, key);
  return new Uint8Array(await crypto.subtle.sign('Ed25519', key, owned(message)));
}

/**
 * As strict as the server's: rejects small-order and non-canonically encoded keys, and malleable signatures. A signature never identifies
 * a message: one message may have several valid signatures.
 */
export async function verify(
  publicKey: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
): Promise<boolean> {
  if (signature.length !== SIGNATURE_BYTES || !isSoundEd25519Key(publicKey)) return false;
  // engines differ in which R they accept; no honest signature has a small-order one
  if (!isSoundEd25519Key(signature.subarray(0, R_BYTES))) return false;
  const key = await verifyingKey(publicKey);
  return key !== undefined && crypto.subtle.verify('Ed25519', key, owned(signature), owned(message));
}

/** The type has a name only in browsers. */
type Key = Awaited<ReturnType<typeof crypto.subtle.importKey>>;

/** Keyed by the seed's array, and forgotten with it. */
const signingKeys = new WeakMap<Uint8Array, Key>();
/** Importing costs as much as verifying. The groups in use have a few hundred members. */
const MAX_VERIFYING_KEYS = 1_000;
const verifyingKeys = new Map<string, Key>();

async function verifyingKey(publicKey: Uint8Array): Promise<Key | undefined> {
  const name = encodeBase64(publicKey);
  const known = verifyingKeys.get(name);
  if (known !== undefined) return known;
  let key: Key;
  try {
    key = await crypto.subtle.importKey('raw', owned(publicKey), 'Ed25519', false, ['verify']);
  } catch (error) {
    // some engines check here already whether it is a point
    if (error instanceof DOMException && error.name === 'DataError') return undefined;
    throw error;
  }
  const oldest = verifyingKeys.keys().next();
  if (verifyingKeys.size >= MAX_VERIFYING_KEYS && !oldest.done) verifyingKeys.delete(oldest.value);
  verifyingKeys.set(name, key);
  return key;
}

/** PKCS #8 (RFC 8410) around a seed. */
const PKCS8_PREFIX = Uint8Array.from([
  0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20,
]);

async function importSeed(seed: Uint8Array, isExtractable: boolean): Promise<Key> {
  if (seed.length !== SEED_BYTES) throw new RangeError(`a signing seed has ${SEED_BYTES} bytes`);
  const wrapped = concat(PKCS8_PREFIX, seed);
  try {
    return await crypto.subtle.importKey('pkcs8', wrapped, 'Ed25519', isExtractable, ['sign']);
  } finally {
    wrapped.fill(0);
  }
}
