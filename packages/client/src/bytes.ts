import { encodeBase64Url } from '@securechat/protocol';

export function randomBytes(length: number): Uint8Array<ArrayBuffer> {
  return crypto.getRandomValues(new Uint8Array(length));
}

/** Base64url, without padding, of `bytes` random bytes, after `prefix`. */
export function randomId(prefix: string, bytes: number): string {
  return prefix + encodeBase64Url(randomBytes(bytes));
}
