import {
  type CiphersuiteImpl,
  type CiphersuiteName,
  getCiphersuiteFromName,
} from 'ts-mls/crypto/ciphersuite.js';
import { defaultCryptoProvider } from 'ts-mls/crypto/implementation/default/provider.js';
import { isSoundX25519Key } from '../../curve25519-points.ts';
import { generateKeyPair, sign, verify } from '../ed25519.ts';

/** The library's suite, and what it does not ask of the keys that are encrypted to. */
export type Suite = CiphersuiteImpl & { isSoundKey: (key: Uint8Array) => boolean };

/** Suites that have been tried here, by their MLS number. All sign with Ed25519: a leaf's key is its device's. */
const SUITES: ReadonlyMap<number, { name: CiphersuiteName; isSoundKey: Suite['isSoundKey'] }> = new Map([
  [0x0001, { name: 'MLS_128_DHKEMX25519_AES128GCM_SHA256_Ed25519', isSoundKey: isSoundX25519Key }],
]);
export const DEFAULT_SUITE = 0x0001;

/** Everything by WebCrypto. RangeError for a suite that is not known here. */
export async function loadSuite(number: number): Promise<Suite> {
  const known = SUITES.get(number);
  if (known === undefined) throw new RangeError(`cipher suite ${number} is not supported`);
  if (globalThis.crypto?.subtle === undefined) {
    throw new Error(
      'WebCrypto is missing here; a page has it only when it comes over https or from localhost',
    );
  }
  const parts = await defaultCryptoProvider.getCiphersuiteImpl(getCiphersuiteFromName(known.name));
  const keygen = async (): Promise<{ publicKey: Uint8Array; signKey: Uint8Array }> => {
    const { publicKey, secretKey } = await generateKeyPair();
    return { publicKey, signKey: secretKey };
  };
  // ours imports a key once, and is as strict as the server
  return { ...parts, signature: { sign, verify, keygen }, isSoundKey: known.isSoundKey };
}
