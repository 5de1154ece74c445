import { sha256 } from '@securechat/crypto/e2ee';
import { concat, isSame } from '@securechat/protocol';
import { CodeNotReadable } from '../errors.ts';
import { decodeBase32, encodeBase32 } from './base32.ts';
import { type AccountKey, accountKeyFrom } from './keys.ts';

/**
 * The account key on paper: 14 groups of four letters, encoding a version byte, the 32-byte seed and a two-byte checksum. It is not a
 * password, and nothing is encrypted with it: whoever has it controls the account.
 */
const VERSION = 1;
const SEED_BYTES = 32;
const CHECK_BYTES = 2;
const LABEL = new TextEncoder().encode('SecureChat/1 recovery-code');

export async function recoveryCodeOf(account: AccountKey): Promise<string> {
  const content = concat(Uint8Array.of(VERSION), account.secretKey);
  const code = concat(content, await checkOf(content));
  try {
    return encodeBase32(code);
  } finally {
    content.fill(0);
    code.fill(0);
  }
}

/** Throws `CodeNotReadable` for a newer version, missing or extra letters, and most typing errors. */
export async function accountKeyFromRecoveryCode(code: string): Promise<AccountKey> {
  const bytes = decodeBase32(code);
  if (bytes?.length !== 1 + SEED_BYTES + CHECK_BYTES) throw new CodeNotReadable('garbled');
  const content = bytes.subarray(0, 1 + SEED_BYTES);
  if (!isSame(await checkOf(content), bytes.subarray(1 + SEED_BYTES))) throw new CodeNotReadable('garbled');
  if (bytes[0] !== VERSION) throw new CodeNotReadable('newer');
  return accountKeyFrom(content.slice(1));
}

async function checkOf(content: Uint8Array): Promise<Uint8Array> {
  return (await sha256(concat(LABEL, content))).subarray(0, CHECK_BYTES);
}
