import { generateKeyPairSync } from 'node:crypto';
import { keyPackageReference, MLS_SUITE } from '../key-package.ts';
import type { SigningKey } from '../sign.ts';

type Extension = { type: number; data: Uint8Array };

/** All fields of a key package. */
export type KeyPackageParts = {
  version: number;
  suite: number;
  initKey: Uint8Array;
  encryptionKey: Uint8Array;
  signatureKey: Uint8Array;
  credentialType: number;
  identity: Uint8Array;
  versions: number[];
  suites: number[];
  capableExtensions: number[];
  credentials: number[];
  source: number;
  notBefore: number;
  notAfter: number;
  leafExtensions: Extension[];
  extensions: Extension[];
  /** Bytes after the end. */
  trailing: Uint8Array;
  /** The keys that make the two signatures. */
  leafSigner: SigningKey;
  signer: SigningKey;
};

export type MadeKeyPackage = { bytes: Buffer; initKey: Buffer; reference: string };

const LAST_RESORT = 0x000a;
const DAY_SECONDS = 86_400;

/**
 * A key package as a device makes it, except for `changes`, which its signatures cover. The private halves of its X25519 keys are
 * discarded: nobody can use it.
 */
export function makeKeyPackage(
  owner: { key: SigningKey; identity: Uint8Array; lastResort?: boolean; nowSeconds?: number },
  changes: Partial<KeyPackageParts> = {},
): MadeKeyPackage {
  const { key, identity, lastResort = false, nowSeconds = Math.floor(Date.now() / 1000) } = owner;
  const extensions = lastResort ? [{ type: LAST_RESORT, data: new Uint8Array(0) }] : [];
  const parts: KeyPackageParts = {
    version: 1,
    suite: MLS_SUITE,
    initKey: randomX25519Key(),
    encryptionKey: randomX25519Key(),
    signatureKey: key.publicKey,
    credentialType: 1,
    identity,
    versions: [1],
    suites: [MLS_SUITE],
    capableExtensions: lastResort ? [LAST_RESORT] : [],
    credentials: [1],
    source: 1,
    notBefore: nowSeconds - 3600,
    notAfter: nowSeconds - 3600 + 90 * DAY_SECONDS,
    leafExtensions: [],
    extensions,
    trailing: new Uint8Array(0),
    leafSigner: key,
    signer: key,
    ...changes,
  };
  const bytes = encode(parts);
  return { bytes, initKey: Buffer.from(parts.initKey), reference: keyPackageReference(bytes) };
}

export function randomX25519Key(): Buffer {
  const { publicKey } = generateKeyPairSync('x25519');
  return publicKey.export({ format: 'der', type: 'spki' }).subarray(-32);
}

function encode(parts: KeyPackageParts): Buffer {
  const leaf = Buffer.concat([
    opaque(parts.encryptionKey),
    opaque(parts.signatureKey),
    u16(parts.credentialType),
    opaque(parts.identity),
    ...[parts.versions, parts.suites, parts.capableExtensions, [], parts.credentials].map(numbers),
    Buffer.from([parts.source]),
    u64(parts.notBefore),
    u64(parts.notAfter),
    extensionList(parts.leafExtensions),
  ]);
  const signed = Buffer.concat([
    u16(parts.version),
    u16(parts.suite),
    opaque(parts.initKey),
    leaf,
    opaque(signWithLabel(parts.leafSigner, 'LeafNodeTBS', leaf)),
    extensionList(parts.extensions),
  ]);
  const signature = opaque(signWithLabel(parts.signer, 'KeyPackageTBS', signed));
  return Buffer.concat([signed, signature, parts.trailing]);
}

function signWithLabel(key: SigningKey, label: string, content: Uint8Array): Buffer {
  return key.sign(Buffer.concat([opaque(Buffer.from(`MLS 1.0 ${label}`)), opaque(content)]));
}

function extensionList(extensions: readonly Extension[]): Buffer {
  return opaque(Buffer.concat(extensions.flatMap(({ type, data }) => [u16(type), opaque(data)])));
}

function numbers(values: readonly number[]): Buffer {
  return opaque(Buffer.concat(values.map(u16)));
}

function opaque(bytes: Uint8Array): Buffer {
  const { length } = bytes;
  const head = length < 64 ? Buffer.from([length]) : u16(0x4000 | length);
  return Buffer.concat([head, bytes]);
}

function u16(value: number): Buffer {
  return Buffer.from([value >> 8, value & 0xff]);
}

function u64(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt(value));
  return bytes;
}
