import { decodeBase64, encodeBase64, isSame } from '@securechat/protocol';
import { CodeNotReadable } from '../errors.ts';
import type { Party } from './safety-number.ts';

const PREFIX = 'securechat:identity/1';

/**
 * The text of a QR code: who this user is, and whom they take the other for. Ids contain no slash, and base64 slashes are written as in
 * base64url.
 */
export function identityQr(mine: Party, yours: Party): string {
  return [PREFIX, mine.userId, keyText(mine), yours.userId, keyText(yours)].join('/');
}

/**
 * Whether the code scanned from `yours` matches what this device believes about both. Throws `CodeNotReadable` for other codes and for
 * other people's.
 */
export function isIdentityQrOf(scanned: string, mine: Party, yours: Party): boolean {
  const [prefix, version, theirId, theirKey, myId, myKey, ...more] = scanned.trim().split('/');
  const isForUs = theirId === yours.userId && myId === mine.userId && more.length === 0;
  if (`${prefix}/${version}` !== PREFIX || !isForUs) throw new CodeNotReadable('not_for_this');
  return isSame(keyFrom(theirKey), yours.accountKey) && isSame(keyFrom(myKey), mine.accountKey);
}

function keyText({ accountKey }: Party): string {
  return encodeBase64(accountKey).replaceAll('+', '-').replaceAll('/', '_');
}

function keyFrom(text = ''): Uint8Array {
  try {
    return decodeBase64(text.replaceAll('-', '+').replaceAll('_', '/'));
  } catch {
    throw new CodeNotReadable('garbled');
  }
}
