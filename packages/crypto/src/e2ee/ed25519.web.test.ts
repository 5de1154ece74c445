import { describe, expect, test } from '@jest/globals';
import { generateKeyPair, publicKeyOf, sign, verify } from './index.ts';

const message = new TextEncoder().encode('a labelled transcript');

test('what is signed is verified, and the public key follows from the seed', async () => {
  const { publicKey, secretKey } = await generateKeyPair();
  expect(await publicKeyOf(secretKey)).toEqual(publicKey);
  const signature = await sign(secretKey, message);
  expect(await verify(publicKey, message, signature)).toBe(true);
  expect(await verify(publicKey, message.subarray(1), signature)).toBe(false);
  expect(await verify((await generateKeyPair()).publicKey, message, signature)).toBe(false);
});

test('RFC 8032, test 2', async () => {
  const seed = hex('4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb');
  expect(await sign(seed, Uint8Array.of(0x72))).toEqual(
    hex(
      '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00',
    ),
  );
});

test('more keys than are kept imported still verify', async () => {
  const first = await generateKeyPair();
  const signature = await sign(first.secretKey, message);
  for (let n = 0; n < 1_100; n++) {
    const { publicKey } = await generateKeyPair();
    expect(await verify(publicKey, message, signature)).toBe(false);
  }
  expect(await verify(first.publicKey, message, signature)).toBe(true);
});

test('seeds of other lengths are refused', async () => {
  await expect(sign(new Uint8Array(64), message)).rejects.toThrow(RangeError);
  await expect(publicKeyOf(new Uint8Array(31))).rejects.toThrow(RangeError);
});

describe('is as strict as the server', () => {
  const SMALL_ORDER_KEYS = [
    '0100000000000000000000000000000000000000000000000000000000000000',
    'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
    '0000000000000000000000000000000000000000000000000000000000000000',
    '0000000000000000000000000000000000000000000000000000000000000080',
    'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
    'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa',
    '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
    '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85',
    'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
    'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
    'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff',
  ].map(hex);

  test('keys of small order sign nothing', async () => {
    for (const key of SMALL_ORDER_KEYS) {
      for (const r of SMALL_ORDER_KEYS) {
        const signature = Uint8Array.of(...r, ...new Uint8Array(32));
        for (let n = 0; n < 8; n++) expect(await verify(key, Uint8Array.of(n), signature)).toBe(false);
      }
    }
  });

  test('keys that are no points, and lengths that are none, verify nothing', async () => {
    const { publicKey, secretKey } = await generateKeyPair();
    const signature = await sign(secretKey, message);
    const none = hex('0200000000000000000000000000000000000000000000000000000000000000');
    expect(await verify(none, message, signature)).toBe(false);
    expect(await verify(publicKey.subarray(1), message, signature)).toBe(false);
    expect(await verify(publicKey, message, signature.subarray(1))).toBe(false);
  });
});

function hex(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(text.match(/../g) ?? [], (byte) => Number.parseInt(byte, 16));
}
