import { decodeBase64, encodeBase64, isSame } from '@securechat/protocol';
import { CodeNotReadable } from '../errors.ts';
import type { Party } from './safety-number.ts';

const PREFIX = 'securechat:identity/1';

/**
 * What a person shows to another one as a QR code: who they are, and whom they take the other one for. Ids hold no slash,
 * and of base64 the slash is spelled as in base64url.
 */
export function identityQr(mine: Party, yours: Party): string {
  return [PREFIX, mine.userId, keyText(mine), yours.userId, keyText(yours)].join('/');
}

/**
 * Whether what was scanned at `yours` says the same as this device believes, both ways. Throws `CodeNotReadable` for what
 * is no such code, or one for other people.
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
