import { Aes128Gcm, CipherSuite, DhkemX25519HkdfSha256, HkdfSha256 } from '@hpke/core';
import type { Aead } from 'ts-mls/crypto/aead.js';
import type { CiphersuiteImpl } from 'ts-mls/crypto/ciphersuite.js';
import { makeHashImpl } from 'ts-mls/crypto/implementation/default/makeHashImpl.js';
import { makeKdfImpl } from 'ts-mls/crypto/implementation/default/makeKdfImpl.js';
import { defaultRng } from 'ts-mls/crypto/implementation/default/rng.js';
import { makeGenericHpke } from 'ts-mls/crypto/implementation/hpke.js';
import { isSoundX25519Key } from '../../curve25519-points.ts';
import { generateKeyPair, sign, verify } from '../ed25519.ts';

/** The library's suite, plus a check it lacks of keys that are encrypted to. */
export type Suite = CiphersuiteImpl & { isSoundKey: (key: Uint8Array) => boolean };

/** Suites tested here, by MLS number. All sign with Ed25519: a leaf's key is its device's key. */
const SUITES: ReadonlyMap<number, () => Promise<Suite>> = new Map([[0x0001, loadX25519Aes128]]);
export const DEFAULT_SUITE = 0x0001;

/** All by WebCrypto. RangeError for an unknown suite. */
export async function loadSuite(number: number): Promise<Suite> {
  const load = SUITES.get(number);
  if (load === undefined) throw new RangeError(`cipher suite ${number} is not supported`);
  if (globalThis.crypto?.subtle === undefined) {
    throw new Error(
      'WebCrypto is missing here; a page has it only when it comes over https or from localhost',
    );
  }
  return await load();
}

/** Built from the library's parts: its own provider would load all suites it knows, including curves in JavaScript. */
async function loadX25519Aes128(): Promise<Suite> {
  const aead = new Aes128Gcm();
  const hpke = new CipherSuite({ kem: new DhkemX25519HkdfSha256(), kdf: new HkdfSha256(), aead });
  const algorithms = { kem: 'DHKEM-X25519-HKDF-SHA256', kdf: 'HKDF-SHA256', aead: 'AES128GCM' } as const;
  return {
    name: 'MLS_128_DHKEMX25519_AES128GCM_SHA256_Ed25519',
    hash: makeHashImpl(crypto.subtle, 'SHA-256'),
    kdf: makeKdfImpl(new HkdfSha256()),
    hpke: await makeGenericHpke(algorithms, contextFree(aead), hpke),
    // ours imports each key once, and is as strict as the server
    signature: { sign, verify, keygen },
    rng: defaultRng,
    isSoundKey: isSoundX25519Key,
  };
}

/** Each key is used in one call. */
const contextFree = (aead: Aes128Gcm): Aead => ({
  encrypt: async (key, nonce, aad, plaintext) =>
    new Uint8Array(await aead.createEncryptionContext(key).seal(nonce, plaintext, aad)),
  decrypt: async (key, nonce, aad, ciphertext) =>
    new Uint8Array(await aead.createEncryptionContext(key).open(nonce, ciphertext, aad)),
});

async function keygen(): Promise<{ publicKey: Uint8Array; signKey: Uint8Array }> {
  const { publicKey, secretKey } = await generateKeyPair();
  return { publicKey, signKey: secretKey };
}
