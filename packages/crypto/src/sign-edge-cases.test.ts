import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { createSigningKey, verifySignature } from './sign.ts';

/**
 * Keys for which anybody can sign: with a point of small order, anyone can make "signatures" that a lax verifier accepts for every
 * message. Orders 1, 2, 4, 4, 8, 8, 8, 8 of the curve, then non-canonical encodings of some of them.
 */
const SMALL_ORDER_KEYS = {
  'order 1': '0100000000000000000000000000000000000000000000000000000000000000',
  'order 2': 'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'order 4': '0000000000000000000000000000000000000000000000000000000000000000',
  'order 4, negative': '0000000000000000000000000000000000000000000000000000000000000080',
  'order 8': 'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
  'order 8, negative': 'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa',
  'order 8, other': '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
  'order 8, other negative': '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85',
  'order 1, spelled p+1': 'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'order 1, with sign': '0100000000000000000000000000000000000000000000000000000000000080',
  'order 2, with sign': 'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff',
  'order 4, spelled p': 'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'order 1, spelled p+1 with sign': 'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff',
};

const ONE = hex(SMALL_ORDER_KEYS['order 1']);
const ZERO_SCALAR = Buffer.alloc(32);
/** The order of the base point, little-endian. */
const L = 2n ** 252n + 27742317777372353535851937790883648493n;

describe('keys of small order', () => {
  for (const [name, key] of Object.entries(SMALL_ORDER_KEYS)) {
    test(`${name}: no signature is verified`, () => {
      // S = 0 and R a small point satisfy the equation for about one message in eight
      for (const r of [ONE, ...Object.values(SMALL_ORDER_KEYS).map(hex)]) {
        for (let n = 0; n < 16; n++) {
          const message = Buffer.from(`message ${n}`);
          expect(verifySignature(hex(key), message, Buffer.concat([r, ZERO_SCALAR]))).toBe(false);
        }
      }
    });
  }
});

test('a key that is not on the curve, or not below p, verifies nothing', () => {
  const signature = createSigningKey().sign(ONE);
  for (const key of [
    // y = 2 has no x
    '0200000000000000000000000000000000000000000000000000000000000000',
    // y = p + 3, a non-canonical encoding of y = 3
    'f0ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
    'ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff',
  ]) {
    expect(verifySignature(hex(key), ONE, signature)).toBe(false);
  }
});

test('a signature has one spelling: S + L is refused though the equation holds', () => {
  const key = createSigningKey();
  const signature = key.sign(ONE);
  for (const times of [1n, 2n, 7n, 8n]) {
    const s = littleEndian(signature.subarray(32)) + times * L;
    if (s >= 2n ** 256n) continue;
    const malleated = Buffer.concat([signature.subarray(0, 32), toLittleEndian(s)]);
    expect(verifySignature(key.publicKey, ONE, malleated)).toBe(false);
  }
});

test('R of small order, or not below p, is refused', () => {
  const key = createSigningKey();
  const s = key.sign(ONE).subarray(32);
  for (const r of Object.values(SMALL_ORDER_KEYS)) {
    expect(verifySignature(key.publicKey, ONE, Buffer.concat([hex(r), s]))).toBe(false);
  }
});

/**
 * The public test sets, where a copy is available: C2SP/wycheproof testvectors_v1/ed25519_test.json and novifinancial/ed25519-speccheck
 * cases.json.
 */
const vectorsDir = process.env.SECURECHAT_VECTORS_DIR;

if (vectorsDir !== undefined) {
  test('Wycheproof: every verdict is the same', () => {
    const { testGroups, numberOfTests } = readVectors('wycheproof/ed25519_test.json') as WycheproofFile;
    let seen = 0;
    for (const { publicKey, tests } of testGroups) {
      for (const { tcId, msg, sig, result } of tests) {
        const verified = verifySignature(hex(publicKey.pk), hex(msg), hex(sig));
        expect({ tcId, verified }).toEqual({ tcId, verified: result === 'valid' });
        seen += 1;
      }
    }
    expect(seen).toBe(numberOfTests);
  });

  test('ed25519-speccheck: of the twelve cases only number 3 is verified, as by libsodium', () => {
    const cases = readVectors('ed25519-speccheck/cases.json') as SpeccheckCase[];
    const verdicts = cases.map(({ pub_key, message, signature }) =>
      verifySignature(hex(pub_key), hex(message), hex(signature)),
    );
    expect(verdicts).toEqual(Array.from({ length: 12 }, (_, number) => number === 3));
  });
}

type WycheproofFile = {
  numberOfTests: number;
  testGroups: {
    publicKey: { pk: string };
    tests: { tcId: number; msg: string; sig: string; result: string }[];
  }[];
};
type SpeccheckCase = { pub_key: string; message: string; signature: string };

function readVectors(path: string): unknown {
  return JSON.parse(readFileSync(join(vectorsDir ?? '', path), 'utf8'));
}

function hex(text: string): Buffer {
  return Buffer.from(text, 'hex');
}

function littleEndian(bytes: Uint8Array): bigint {
  return BigInt(`0x${Buffer.from(bytes).reverse().toString('hex')}`);
}

function toLittleEndian(value: bigint): Buffer {
  return Buffer.from(value.toString(16).padStart(64, '0'), 'hex').reverse();
}
