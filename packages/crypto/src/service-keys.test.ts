import { expect, test } from '@jest/globals';
import type { Handover } from '@securechat/protocol';
import { signServerHello } from './challenge.ts';
import { acceptServerHello, followHandovers, signHandover } from './service-keys.ts';
import { createSigningKey, keyId, type SigningKey } from './sign.ts';
import { certify, createLogin, flipBit, NOW_SECONDS } from './testing/hellos.ts';

const [first, second, third, stranger] = [
  createSigningKey(),
  createSigningKey(),
  createSigningKey(),
  createSigningKey(),
];
const login = createLogin();
const hex = (keys: readonly Uint8Array[]): string[] => keys.map((key) => Buffer.from(key).toString('hex'));

/** A hello of a gateway that `key` has certified. */
function helloUnder(key: SigningKey, handovers?: Handover[]) {
  const { signature: _, ...facts } = login.server.server_cert;
  const server_cert = certify(key, { ...facts, service_key_id: keyId(key.publicKey) });
  const unsigned = { ...login.unsigned, server_cert, ...(handovers ? { handovers } : {}) };
  return signServerHello(login.gatewayKey, login.client, unsigned);
}

function accept(pins: readonly Uint8Array[], hello: ReturnType<typeof helloUnder>) {
  const verdict = acceptServerHello(pins, login.client, hello, NOW_SECONDS);
  return verdict.isGenuine ? hex(verdict.pins) : verdict.because;
}

const toSecond = signHandover(first, second.publicKey);
const toThird = signHandover(second, third.publicKey);

test('a chain of handovers leads from the pinned key to the newest, in whatever order they come', () => {
  for (const handovers of [
    [toSecond, toThird],
    [toThird, toSecond],
  ]) {
    const known = followHandovers([first.publicKey], handovers);
    expect(hex(known)).toEqual(hex([first.publicKey, second.publicKey, third.publicKey]));
  }
  expect(hex(followHandovers([second.publicKey], [toSecond, toThird]))).toEqual(
    hex([second.publicKey, third.publicKey]),
  );
});

test('nothing but the pinned key itself, or one that follows from it, hands over', () => {
  const forged: Handover[] = [
    signHandover(stranger, third.publicKey),
    { ...signHandover(stranger, third.publicKey), previous_key: toSecond.previous_key },
    { ...toSecond, service_key: toThird.service_key },
    { ...toSecond, signature: flipBit(toSecond.signature) },
    // a handover backwards leads nowhere
    signHandover(third, first.publicKey),
  ];
  for (const handover of forged) {
    expect(hex(followHandovers([first.publicKey], [handover]))).toEqual(hex([first.publicKey]));
  }
  // signed by the right key, but for a different purpose
  const { signature: _, ...facts } = login.server.server_cert;
  const mislabelled = { ...toSecond, signature: certify(first, facts).signature };
  expect(followHandovers([first.publicKey], [mislabelled])).toHaveLength(1);
});

test('announce, switch, drop: what is pinned follows', () => {
  const both = hex([first.publicKey, second.publicKey]);
  expect(accept([first.publicKey], helloUnder(first))).toEqual(hex([first.publicKey]));
  // announced: the next key is pinned beside the one in use
  expect(accept([first.publicKey], helloUnder(first, [toSecond]))).toEqual(both);
  // anybody on the way can strip the announcement; that must not drop a key
  expect(accept([first.publicKey, second.publicKey], helloUnder(first))).toEqual(both);
  // switched: clients that missed the announcement follow too
  expect(accept([first.publicKey], helloUnder(second, [toSecond]))).toEqual(both);
  // another auth process has not switched yet
  expect(accept([first.publicKey, second.publicKey], helloUnder(first, [toSecond]))).toEqual(both);
  // dropped: clients that followed forget the old key
  expect(accept([first.publicKey, second.publicKey], helloUnder(second))).toEqual(hex([second.publicKey]));
});

test('who comes after the drop, or meets a stranger, is told that the key is unknown', () => {
  expect(accept([first.publicKey], helloUnder(second))).toBe('unknown_service_key');
  expect(accept([first.publicKey], helloUnder(stranger, [signHandover(stranger, first.publicKey)]))).toBe(
    'unknown_service_key',
  );
});

test('a known name of a key is no proof', () => {
  const hello = helloUnder(stranger, [toSecond]);
  const disguised = { ...hello.server_cert, service_key_id: keyId(second.publicKey) };
  expect(accept([first.publicKey], { ...hello, server_cert: disguised })).toBe('not_proved');
});
