import { expect, test } from '@jest/globals';
import { identityQr, isIdentityQrOf } from './qr.ts';
import type { Party } from './safety-number.ts';

const party = (userId: string, byte: number): Party => ({
  userId,
  accountKey: new Uint8Array(32).fill(byte),
});
const [alice, bob] = [party('alice', 0xfb), party('bob', 0xff)];

test('who scans what the other shows, and believes the same, knows it', () => {
  const shown = identityQr(bob, alice);
  expect(shown).toMatch(/^securechat:identity\/1\/bob\/[\w-]{43}=\/alice\/[\w-]{43}=$/);
  expect(isIdentityQrOf(shown, alice, bob)).toBe(true);
});

test('another key on either side does not pass', () => {
  expect(isIdentityQrOf(identityQr(party('bob', 1), alice), alice, bob)).toBe(false);
  expect(isIdentityQrOf(identityQr(bob, party('alice', 1)), alice, bob)).toBe(false);
});

test.each([
  ['of other people', identityQr(party('carl', 1), alice), 'not_for_this'],
  ['shown to somebody else', identityQr(bob, party('carl', 1)), 'not_for_this'],
  ['their own', identityQr(alice, bob), 'not_for_this'],
  ['no code at all', 'https://example.org/', 'not_for_this'],
  ['more than it should be', `${identityQr(bob, alice)}/x`, 'not_for_this'],
  ['half a key', identityQr(bob, alice).slice(0, -3), 'garbled'],
])('a code that is %s is not taken for a wrong key', (_, scanned, because) => {
  expect(() => isIdentityQrOf(scanned, alice, bob)).toThrow(expect.objectContaining({ because }));
});
