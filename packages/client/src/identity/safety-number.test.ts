import { createHash } from 'node:crypto';
import { expect, test } from '@jest/globals';
import { type Party, safetyNumber } from './safety-number.ts';

const party = (userId: string, byte: number): Party => ({
  userId,
  accountKey: new Uint8Array(32).fill(byte),
});

/** Implemented from the description, with another library. */
function expectedHalf({ userId, accountKey }: Party): string {
  const sha512 = (...parts: (Uint8Array | string)[]) =>
    parts.reduce((hash, part) => hash.update(part), createHash('sha512')).digest();
  let hash = sha512('SecureChat/1 safety-number', Uint8Array.of(32), accountKey, userId);
  for (let round = 2; round <= 5_200; round++) hash = sha512(hash, accountKey, userId);
  const groups = [0, 5, 10, 15, 20, 25].map((at) =>
    String(hash.readUIntBE(at, 5) % 100_000).padStart(5, '0'),
  );
  return groups.join(' ');
}

test('60 digits, the same from both sides, and the same as anybody else computes', async () => {
  const [alice, bob] = [party('alice', 1), party('bob', 2)];
  const number = await safetyNumber(alice, bob);
  expect(number).toMatch(/^(\d{5} ){11}\d{5}$/);
  expect(await safetyNumber(bob, alice)).toBe(number);
  expect(number).toBe([expectedHalf(alice), expectedHalf(bob)].sort().join(' '));
});

test.each([
  ['alice', 1, 'bob', 2, '01995 45464 56644 37415 18202 06376 72332 17550 85643 13739 68453 54863'],
  ['alice', 1, 'bob', 3, '01995 45464 56644 37415 18202 06376 56957 80588 67410 71484 82412 36251'],
  ['Z_-9', 255, 'b', 0, '17159 37964 26605 78032 68958 31621 72105 39853 50237 85374 15242 56359'],
])('vector: %s with key %d and %s with key %d', async (one, oneByte, other, otherByte, expected) => {
  expect(await safetyNumber(party(one, oneByte), party(other, otherByte))).toBe(expected);
});

test('another user, another key, and a letter moved from one to the other give other digits', async () => {
  const bob = party('bob', 2);
  const numbers = await Promise.all(
    [party('alice', 1), party('alicf', 1), party('alice', 3)].map((alice) => safetyNumber(alice, bob)),
  );
  expect(new Set(numbers).size).toBe(3);
});
