import { expect, test } from '@jest/globals';
import { createSigningKey, keyId, sha256, signingKeyFromSeed, verifySignature } from './sign.ts';

const message = Buffer.from('a message');

test('a signature is verified by its key, message and bytes, and by nothing else', () => {
  const key = createSigningKey();
  const signature = key.sign(message);
  expect(signature).toHaveLength(64);
  expect(verifySignature(key.publicKey, message, signature)).toBe(true);

  expect(verifySignature(createSigningKey().publicKey, message, signature)).toBe(false);
  expect(verifySignature(key.publicKey, Buffer.from('A message'), signature)).toBe(false);
  for (let bit = 0; bit < signature.length * 8; bit++) {
    const altered = Buffer.from(signature);
    altered.writeUInt8(altered.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
    expect({ bit, verified: verifySignature(key.publicKey, message, altered) }).toEqual({
      bit,
      verified: false,
    });
  }
});

test('plain Uint8Arrays and views into larger buffers are taken for what they show', () => {
  const key = createSigningKey();
  const large = new Uint8Array([9, 9, ...message, 9]);
  const view = large.subarray(2, 2 + message.length);
  const signature = Uint8Array.from(key.sign(view));
  expect(verifySignature(Uint8Array.from(key.publicKey), message, signature)).toBe(true);
});

test('a key or a signature of another length verifies nothing, without throwing', () => {
  const key = createSigningKey();
  const signature = key.sign(message);
  for (const length of [0, 1, 31, 33, 64]) {
    expect(verifySignature(Buffer.alloc(length, key.publicKey), message, signature)).toBe(false);
  }
  for (const length of [0, 1, 63, 65, 128]) {
    expect(verifySignature(key.publicKey, message, Buffer.alloc(length, signature))).toBe(false);
  }
});

test('a seed gives the key and the signature that RFC 8032 says (§7.1, test 2)', () => {
  const key = signingKeyFromSeed(hex('4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb'));
  expect(key.publicKey.toString('hex')).toBe(
    '3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c',
  );
  expect(key.sign(hex('72')).toString('hex')).toBe(
    '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da' +
      '085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00',
  );
});

test('a seed of another length is refused', () => {
  for (const length of [0, 31, 33, 64])
    expect(() => signingKeyFromSeed(Buffer.alloc(length))).toThrow(RangeError);
});

test('a wiped key signs no more: what it then makes is verified by nobody', () => {
  const key = createSigningKey();
  key.wipe();
  expect(verifySignature(key.publicKey, message, key.sign(message))).toBe(false);
});

test('a key id is 16 hex digits of the hash of the key', () => {
  const { publicKey } = signingKeyFromSeed(Buffer.alloc(32));
  expect(keyId(publicKey)).toBe(sha256(publicKey).toString('hex').slice(0, 16));
  expect(keyId(publicKey)).toMatch(/^[0-9a-f]{16}$/);
});

function hex(text: string): Buffer {
  return Buffer.from(text, 'hex');
}
