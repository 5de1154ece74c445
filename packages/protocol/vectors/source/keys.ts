// biome-ignore lint/style/noRestrictedImports: the generator runs on Node only; the package has no cryptography.
import { createHash, createPrivateKey, sign as nodeSign } from 'node:crypto';
import { encodeBase64, type Signed, type SigningContext, transcript } from './protocol.ts';

/** RFC 8032 §7.1, test 1: every signature of the vectors is made with this key. */
export const SEED = '9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60';
export const PUBLIC_KEY = 'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a';

const PKCS8_HEAD = '302e020100300506032b657004220420';
const privateKey = createPrivateKey({ key: fromHex(PKCS8_HEAD + SEED), format: 'der', type: 'pkcs8' });

export function sign(bytes: Uint8Array): string {
  return encodeBase64(nodeSign(null, bytes, privateKey));
}

export function signFields<C extends SigningContext>(context: C, fields: Signed<C>): string {
  return sign(transcript(context, fields));
}

export function sha256(bytes: Uint8Array): Uint8Array {
  return createHash('sha256').update(bytes).digest();
}

export function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

export function fromHex(hex: string): Buffer {
  return Buffer.from(hex, 'hex');
}
