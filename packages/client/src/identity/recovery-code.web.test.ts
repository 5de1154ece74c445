import { describe, expect, test } from '@jest/globals';
import { decodeBase64, encodeBase64 } from '@securechat/protocol';
import fc from 'fast-check';
import { decodeBase32, encodeBase32 } from './base32.ts';
import { accountKeyFrom, createAccountKey } from './keys.ts';
import { accountKeyFromRecoveryCode, recoveryCodeOf } from './recovery-code.ts';

test('a code is 14 groups of four letters, and is the account key again', async () => {
  const account = await createAccountKey();
  const code = await recoveryCodeOf(account);
  expect(code).toMatch(/^([0-9A-HJKMNP-TV-Z]{4}-){13}[0-9A-HJKMNP-TV-Z]{4}$/);
  expect(await accountKeyFromRecoveryCode(code)).toEqual(account);
});

test('vector: the seed of the first test of RFC 8032', async () => {
  const seed = decodeBase64('nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A=');
  const account = await accountKeyFrom(seed);
  expect(encodeBase64(account.publicKey)).toBe('11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=');
  expect(await recoveryCodeOf(account)).toBe(
    '06EP-3CCX-XZYN-MR5T-GH5F-94QC-5K24-8JE5-D5XK-4T8S-E0XT-R0RW-NSZP-03Y4',
  );
});

describe('as people write', () => {
  test('small letters, spaces, and letters that look alike are understood', async () => {
    const account = await accountKeyFrom(new Uint8Array(32).fill(8));
    const code = await recoveryCodeOf(account);
    for (const written of [
      code.toLowerCase(),
      code.replaceAll('-', ' '),
      `  ${code.replaceAll('-', '')}\n`,
      code.replaceAll('0', 'o').replaceAll('1', 'l'),
      code.replaceAll('0', 'O').replaceAll('1', 'I'),
    ])
      expect(await accountKeyFromRecoveryCode(written)).toEqual(account);
  });

  test('another letter, two exchanged, one too few or too many are noticed', async () => {
    const code = (await recoveryCodeOf(await accountKeyFrom(new Uint8Array(32).fill(9)))).replaceAll('-', '');
    let unnoticed = 0;
    for (let at = 0; at < code.length; at++) {
      const wrong = `${code.slice(0, at)}${code[at] === 'Z' ? 'Y' : 'Z'}${code.slice(at + 1)}`;
      await accountKeyFromRecoveryCode(wrong).then(
        () => unnoticed++,
        (error) => expect(error).toMatchObject({ name: 'CodeNotReadable' }),
      );
    }
    expect(unnoticed).toBe(0);
    for (const wrong of [code.slice(1), `${code}0`, `${code.slice(0, -1)}U`, '', code.slice(0, 54)])
      await expect(accountKeyFromRecoveryCode(wrong)).rejects.toMatchObject({ because: 'garbled' });
  });
});

test('base32 gives every byte string back', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ minLength: 5, maxLength: 5 }), { maxLength: 9 }), (parts) => {
      const bytes = Uint8Array.from(parts.flatMap((part) => [...part]));
      expect(decodeBase32(encodeBase32(bytes))).toEqual(bytes);
    }),
  );
});
