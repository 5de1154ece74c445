import { timingSafeEqual } from 'node:crypto';
import { isSoundX25519Key } from './curve25519-points.ts';
import { BASIC_CREDENTIAL, decodeKeyPackage, type KeyPackage } from './mls/decode-key-package.ts';
import { TlsFormError } from './mls/tls-reader.ts';
import { sha256, verifySignature } from './sign.ts';

/** What a server checks of an MLS KeyPackage (RFC 9420 §10) before handing it out. Decodes and verifies only; nothing in this folder can use one. */
export const MLS_SUITE = 0x0001;
const MLS_VERSION = 0x0001;
/** The profile's only extension: marks a package as meant to be used more than once. */
const LAST_RESORT = 0x000a;
const MAX_LIFETIME_SECONDS = 90n * 86_400n;

export type KeyPackageFault =
  | 'form'
  | 'version'
  | 'suite'
  | 'init_key'
  | 'encryption_key'
  | 'signature_key'
  | 'credential'
  | 'capabilities'
  | 'lifetime'
  | 'leaf_extensions'
  | 'extensions'
  | 'leaf_signature'
  | 'signature'
  | 'reference';

export type ExpectedKeyPackage = {
  /** KeyPackageRef, base64url. */
  reference: string;
  initKey: Uint8Array;
  deviceKey: Uint8Array;
  /** From the device's MLS credential; see `credentialIdentity`. */
  identity: Uint8Array;
  lastResort: boolean;
  nowSeconds: number;
};

export type KeyPackageVerdict =
  | { isSound: true; expiresAt: number }
  | { isSound: false; fault: KeyPackageFault };

/** The first violated rule, checked cheapest first; or the package's expiry, Unix seconds. */
export function checkKeyPackage(bytes: Uint8Array, expected: ExpectedKeyPackage): KeyPackageVerdict {
  const decoded = tryDecode(bytes);
  if (decoded === undefined) return { isSound: false, fault: 'form' };
  for (const [fault, isKept] of rules) {
    if (!isKept(decoded, expected)) return { isSound: false, fault };
  }
  if (keyPackageReference(bytes) !== expected.reference) return { isSound: false, fault: 'reference' };
  return { isSound: true, expiresAt: Number(decoded.leaf.lifetime.notAfter) };
}

/** RefHash("MLS 1.0 KeyPackage Reference", package), base64url. */
export function keyPackageReference(bytes: Uint8Array): string {
  return sha256(labelled('MLS 1.0 KeyPackage Reference', bytes)).toString('base64url');
}

type Rule = (keyPackage: KeyPackage, expected: ExpectedKeyPackage) => boolean;

const rules: readonly (readonly [KeyPackageFault, Rule])[] = [
  ['version', ({ version }) => version === MLS_VERSION],
  ['suite', ({ suite }) => suite === MLS_SUITE],
  ['init_key', ({ initKey }, expected) => isSoundX25519Key(initKey) && isSame(initKey, expected.initKey)],
  [
    'encryption_key',
    // were both keys the same, the reader of a Welcome could pose as the leaf
    ({ initKey, leaf }) => isSoundX25519Key(leaf.encryptionKey) && !isSame(leaf.encryptionKey, initKey),
  ],
  ['signature_key', ({ leaf }, { deviceKey }) => isSame(leaf.signatureKey, deviceKey)],
  [
    'credential',
    ({ leaf: { credential } }, { identity }) =>
      credential.type === BASIC_CREDENTIAL && isSame(credential.identity, identity),
  ],
  ['capabilities', hasCapabilities],
  ['lifetime', ({ leaf: { lifetime } }, { nowSeconds }) => isValidNow(lifetime, BigInt(nowSeconds))],
  ['leaf_extensions', ({ leaf }) => leaf.extensions.length === 0],
  ['extensions', hasRightExtensions],
  [
    'leaf_signature',
    ({ leaf }, { deviceKey }) => isSignedWithLabel(deviceKey, 'LeafNodeTBS', leaf.signed, leaf.signature),
  ],
  [
    'signature',
    ({ signed, signature }, { deviceKey }) =>
      isSignedWithLabel(deviceKey, 'KeyPackageTBS', signed, signature),
  ],
];

/** Everything that groups of this product need, and every extension in the package. */
function hasCapabilities(
  { leaf: { capabilities } }: KeyPackage,
  { lastResort }: ExpectedKeyPackage,
): boolean {
  return (
    capabilities.versions.includes(MLS_VERSION) &&
    capabilities.suites.includes(MLS_SUITE) &&
    capabilities.credentials.includes(BASIC_CREDENTIAL) &&
    (!lastResort || capabilities.extensions.includes(LAST_RESORT))
  );
}

function hasRightExtensions({ extensions }: KeyPackage, { lastResort }: ExpectedKeyPackage): boolean {
  const [extension, ...more] = extensions;
  if (extension === undefined) return !lastResort;
  return lastResort && more.length === 0 && extension.type === LAST_RESORT && extension.data.length === 0;
}

function isValidNow({ notBefore, notAfter }: KeyPackage['leaf']['lifetime'], now: bigint): boolean {
  return notBefore <= now && now < notAfter && notAfter - notBefore <= MAX_LIFETIME_SECONDS;
}

/** SignWithLabel of RFC 9420 §5.1.2. */
function isSignedWithLabel(
  key: Uint8Array,
  label: string,
  content: Uint8Array,
  signature: Uint8Array,
): boolean {
  return verifySignature(key, labelled(`MLS 1.0 ${label}`, content), signature);
}

/** Two vectors: `opaque label<V>; opaque content<V>`. */
function labelled(label: string, content: Uint8Array): Uint8Array {
  return Buffer.concat([
    lengthOf(label.length),
    Buffer.from(label, 'latin1'),
    lengthOf(content.length),
    content,
  ]);
}

function lengthOf(length: number): Buffer {
  if (length < 1 << 6) return Buffer.from([length]);
  if (length < 1 << 14) return Buffer.from([0x40 | (length >> 8), length & 0xff]);
  throw new RangeError('no key package is that long');
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && timingSafeEqual(a, b);
}

function tryDecode(bytes: Uint8Array): KeyPackage | undefined {
  try {
    return decodeKeyPackage(bytes);
  } catch (error) {
    if (error instanceof TlsFormError) return undefined;
    throw error;
  }
}
