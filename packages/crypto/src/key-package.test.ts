import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { getCiphersuiteFromName } from 'ts-mls/crypto/ciphersuite.js';
import { defaultCryptoProvider } from 'ts-mls/crypto/implementation/default/provider.js';
import {
  encodeKeyPackage,
  generateKeyPackageWithKey,
  type KeyPackage,
  makeKeyPackageRef,
  decodeKeyPackage as theirDecode,
} from 'ts-mls/keyPackage.js';
import { isSoundX25519Key } from './curve25519-points.ts';
import {
  checkKeyPackage,
  type ExpectedKeyPackage,
  type KeyPackageFault,
  keyPackageReference,
} from './key-package.ts';
import { decodeKeyPackage } from './mls/decode-key-package.ts';
import { createSigningKey, signingKeyFromSeed } from './sign.ts';
import { type KeyPackageParts, makeKeyPackage, randomX25519Key } from './testing/make-key-package.ts';

const NOW = 1_800_000_000;
const DAY = 86_400;
const SUITE = 'MLS_128_DHKEMX25519_AES128GCM_SHA256_Ed25519';
const SEED = Buffer.alloc(32, 7);
const key = signingKeyFromSeed(SEED);
const identity = Buffer.from('the device certificate of alice’s phone, as credentialIdentity makes it');
const owner = { key, identity, nowSeconds: NOW };

function expectedOf(
  made: { bytes: Uint8Array; initKey: Uint8Array },
  changes: Partial<ExpectedKeyPackage> = {},
): ExpectedKeyPackage {
  const { bytes, initKey } = made;
  const facts = { reference: keyPackageReference(bytes), initKey, deviceKey: key.publicKey, identity };
  return { ...facts, lastResort: false, nowSeconds: NOW, ...changes };
}

function faultOf(changes: Partial<KeyPackageParts>, lastResort = false): KeyPackageFault | 'none' {
  const made = makeKeyPackage({ ...owner, lastResort }, changes);
  const verdict = checkKeyPackage(made.bytes, expectedOf(made, { lastResort }));
  return verdict.isSound ? 'none' : verdict.fault;
}

test('a key package as devices make it is sound until its lifetime ends', () => {
  for (const lastResort of [false, true]) {
    const made = makeKeyPackage({ ...owner, lastResort });
    expect(checkKeyPackage(made.bytes, expectedOf(made, { lastResort }))).toEqual({
      isSound: true,
      expiresAt: NOW - 3600 + 90 * DAY,
    });
  }
});

const other = createSigningKey();
const lowOrder = Buffer.alloc(32);
const twice = randomX25519Key();
/** Every rule with inputs that violate it; the types ensure that none is forgotten. */
const broken: Record<Exclude<KeyPackageFault, 'reference'>, Partial<KeyPackageParts>[]> = {
  form: [{ trailing: Buffer.from([0]) }, { source: 2 }, { source: 3 }, { source: 0 }],
  version: [{ version: 0 }, { version: 2 }],
  suite: [{ suite: 2 }, { suite: 3 }, { suite: 0x4d }],
  init_key: [
    { initKey: lowOrder },
    { initKey: Buffer.alloc(31, 9) },
    { initKey: Buffer.alloc(33, 9) },
    // 2^255 - 18: a non-canonical encoding of 1
    { initKey: Buffer.from(`ee${'ff'.repeat(30)}7f`, 'hex') },
    { initKey: Buffer.from(`09${'00'.repeat(30)}80`, 'hex') },
  ],
  encryption_key: [
    { initKey: twice, encryptionKey: twice },
    { encryptionKey: lowOrder },
    { encryptionKey: Buffer.alloc(0) },
  ],
  signature_key: [
    { signatureKey: other.publicKey },
    // also signed by the other key: genuine, but not this device's
    { signatureKey: other.publicKey, leafSigner: other, signer: other },
    { signatureKey: key.publicKey.subarray(1) },
  ],
  credential: [
    { identity: Buffer.from('mallory') },
    { identity: Buffer.concat([identity, Buffer.from([0])]) },
    { identity: Buffer.alloc(0) },
    { credentialType: 2 },
    { credentialType: 0x0a0a },
  ],
  capabilities: [{ versions: [] }, { suites: [3] }, { credentials: [2] }, { versions: [2] }],
  lifetime: [
    { notBefore: NOW + 1, notAfter: NOW + DAY },
    { notBefore: NOW - DAY, notAfter: NOW },
    { notBefore: NOW, notAfter: NOW + 90 * DAY + 1 },
    { notBefore: 0 },
    { notAfter: Number.MAX_SAFE_INTEGER },
    { notBefore: NOW + 10, notAfter: NOW - 10 },
  ],
  leaf_extensions: [{ leafExtensions: [{ type: 1, data: Buffer.from('app') }] }],
  extensions: [
    { extensions: [{ type: 0x000a, data: Buffer.alloc(0) }], capableExtensions: [0x000a] },
    { extensions: [{ type: 0x0a0a, data: Buffer.alloc(0) }] },
  ],
  leaf_signature: [{ leafSigner: other }],
  signature: [{ signer: other }],
};

for (const [fault, cases] of Object.entries(broken)) {
  test(`one broken rule is enough to refuse: ${fault}`, () => {
    expect(cases.map((changes) => faultOf(changes))).toEqual(cases.map(() => fault));
  });
}

test('a last resort says so itself, to those who can read it, and only then', () => {
  expect(faultOf({ extensions: [] }, true)).toBe('extensions');
  expect(faultOf({ capableExtensions: [] }, true)).toBe('capabilities');
  expect(faultOf({ extensions: [{ type: 0x000a, data: Buffer.from('x') }] }, true)).toBe('extensions');
  const resort = { type: 0x000a, data: Buffer.alloc(0) };
  expect(faultOf({ extensions: [resort, resort] }, true)).toBe('extensions');
});

test('what is said beside the package must be what stands in it', () => {
  const made = makeKeyPackage(owner);
  const refused = (changes: Partial<ExpectedKeyPackage>): KeyPackageFault | undefined => {
    const verdict = checkKeyPackage(made.bytes, expectedOf(made, changes));
    return verdict.isSound ? undefined : verdict.fault;
  };
  expect(refused({ reference: keyPackageReference(Buffer.from('another')) })).toBe('reference');
  expect(refused({ initKey: randomX25519Key() })).toBe('init_key');
  expect(refused({ deviceKey: other.publicKey })).toBe('signature_key');
  expect(refused({})).toBeUndefined();
});

test('no byte of a package can be changed or left out, and none added, unnoticed', () => {
  const made = makeKeyPackage(owner);
  const expected = expectedOf(made);
  for (let at = 0; at < made.bytes.length; at++) {
    const changed = Buffer.from(made.bytes);
    changed[at] = (changed[at] ?? 0) ^ (1 << (at % 8));
    expect(checkKeyPackage(changed, { ...expected, reference: keyPackageReference(changed) }).isSound).toBe(
      false,
    );
    expect(checkKeyPackage(made.bytes.subarray(0, at), expected)).toEqual({ isSound: false, fault: 'form' });
  }
});

test('a length has one spelling', () => {
  const made = makeKeyPackage(owner);
  // the init key's length of 32 encoded in two and in four bytes
  for (const length of ['4020', '80000020', 'c000000000000020']) {
    const spelled = Buffer.concat([
      made.bytes.subarray(0, 4),
      Buffer.from(length, 'hex'),
      made.bytes.subarray(5),
    ]);
    expect(checkKeyPackage(spelled, expectedOf(made))).toEqual({ isSound: false, fault: 'form' });
  }
});

describe('beside ts-mls', () => {
  async function theirs(lastResort: boolean): Promise<{ publicPackage: KeyPackage; reference: string }> {
    const suite = await defaultCryptoProvider.getCiphersuiteImpl(getCiphersuiteFromName(SUITE));
    const { publicPackage } = await generateKeyPackageWithKey(
      { credentialType: 'basic', identity },
      {
        versions: ['mls10'],
        ciphersuites: [SUITE],
        extensions: lastResort ? [0x000a] : [],
        proposals: [],
        credentials: ['basic'],
      },
      { notBefore: BigInt(NOW - 60), notAfter: BigInt(NOW + DAY) },
      lastResort ? [{ extensionType: 0x000a, extensionData: new Uint8Array(0) }] : [],
      { signKey: SEED, publicKey: key.publicKey },
      suite,
    );
    const reference = await makeKeyPackageRef(publicPackage, suite.hash);
    return { publicPackage, reference: Buffer.from(reference).toString('base64url') };
  }

  test.each([false, true])(
    'its key packages are sound here, with the same reference (last resort: %s)',
    async (lastResort) => {
      const { publicPackage, reference } = await theirs(lastResort);
      const bytes = encodeKeyPackage(publicPackage);
      const expected = expectedOf({ bytes, initKey: publicPackage.initKey }, { reference, lastResort });
      expect(checkKeyPackage(bytes, expected)).toEqual({ isSound: true, expiresAt: NOW + DAY });
    },
  );

  test('what is sound here it reads as the same', () => {
    const made = makeKeyPackage({ ...owner, lastResort: true });
    const [read, length] = theirDecode(made.bytes, 0) ?? [];
    expect(length).toBe(made.bytes.length);
    expect(Buffer.from(encodeKeyPackage(read as KeyPackage)).equals(made.bytes)).toBe(true);
  });

  test('of packages with bytes changed, none is read here in another way than there', () => {
    const { bytes } = makeKeyPackage(owner);
    let both = 0;
    for (let at = 0; at < bytes.length * 4; at++) {
      const changed = Buffer.from(bytes);
      changed[at % bytes.length] = (at * 151) & 0xff;
      const ours = attempt(() => decodeKeyPackage(changed));
      if (ours === undefined) continue;
      const [read] = attempt(() => theirDecode(changed, 0)) ?? [];
      // the library knows fewer versions, suites and credential types than there are numbers
      if (read === undefined) continue;
      both += 1;
      expect(hex(read.initKey)).toBe(hex(ours.initKey));
      expect(hex(read.leafNode.hpkePublicKey)).toBe(hex(ours.leaf.encryptionKey));
      expect(hex(read.leafNode.signaturePublicKey)).toBe(hex(ours.leaf.signatureKey));
      expect(read.leafNode.lifetime).toEqual(ours.leaf.lifetime);
      expect(hex(read.leafNode.signature)).toBe(hex(ours.leaf.signature));
      expect(hex(read.signature)).toBe(hex(ours.signature));
    }
    expect(both).toBeGreaterThan(bytes.length);
  });
});

describe('keys of X25519', () => {
  test('made by the runtime are sound', () => {
    for (let n = 0; n < 50; n++) expect(isSoundX25519Key(randomX25519Key())).toBe(true);
  });

  test.each([
    ['zero', '0000000000000000000000000000000000000000000000000000000000000000'],
    ['one', '0100000000000000000000000000000000000000000000000000000000000000'],
    ['order 8', 'e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800'],
    ['order 8, other', '5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157'],
    ['p - 1', 'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f'],
    ['p', 'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f'],
    ['p + 1', 'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f'],
    ['zero with the highest bit', '0000000000000000000000000000000000000000000000000000000000000080'],
  ])('%s is none', (_, point) => {
    expect(isSoundX25519Key(Buffer.from(point, 'hex'))).toBe(false);
  });
});

/** The public test sets, where a copy is available: mlswg/mls-implementations and C2SP/wycheproof. */
const vectorsDir = process.env.SECURECHAT_VECTORS_DIR;

if (vectorsDir !== undefined) {
  const read = (path: string): unknown => JSON.parse(readFileSync(join(vectorsDir, path), 'utf8'));

  test('the working group’s 300 key packages are read and written by ts-mls as they are read here', () => {
    const sets = read('mls/messages.json') as { mls_key_package: string }[];
    for (const { mls_key_package } of sets) {
      // MLSMessage: version and kind before the key package
      const bytes = Buffer.from(mls_key_package, 'hex').subarray(4);
      const ours = decodeKeyPackage(bytes);
      const [theirs] = theirDecode(bytes, 0) ?? [];
      expect(hex(theirs?.initKey)).toBe(hex(ours.initKey));
      expect(hex(theirs?.leafNode.signaturePublicKey)).toBe(hex(ours.leaf.signatureKey));
      expect(hex(theirs?.signature)).toBe(hex(ours.signature));
    }
    expect(sets).toHaveLength(300);
  });

  test('Wycheproof: every public key whose secret is zero is refused', () => {
    const { testGroups } = read('wycheproof/x25519_test.json') as {
      testGroups: { tests: { public: string; shared: string }[] }[];
    };
    const zero = testGroups.flatMap(({ tests }) => tests).filter(({ shared }) => /^0+$/.test(shared));
    expect(zero.length).toBeGreaterThan(20);
    for (const each of zero) expect(isSoundX25519Key(Buffer.from(each.public, 'hex'))).toBe(false);
  });
}

function attempt<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch {
    return undefined;
  }
}

function hex(bytes: Uint8Array | undefined): string {
  return Buffer.from(bytes ?? []).toString('hex');
}
