import { TlsFormError, TlsReader } from './tls-reader.ts';

/** RFC 9420 §5.3, §7.2: the values used here. */
export const BASIC_CREDENTIAL = 1;
const SOURCE_KEY_PACKAGE = 1;

type Extension = { type: number; data: Uint8Array };

type Capabilities = {
  versions: number[];
  suites: number[];
  extensions: number[];
  proposals: number[];
  credentials: number[];
};

/** A well-formed KeyPackage (RFC 9420 §10), otherwise unchecked. All bytes are views of the input. */
export type KeyPackage = {
  version: number;
  suite: number;
  initKey: Uint8Array;
  leaf: {
    encryptionKey: Uint8Array;
    signatureKey: Uint8Array;
    credential: { type: number; identity: Uint8Array };
    capabilities: Capabilities;
    lifetime: { notBefore: bigint; notAfter: bigint };
    extensions: Extension[];
    signature: Uint8Array;
    /** The part of LeafNodeTBS, which `signature` covers, that is in these bytes. */
    signed: Uint8Array;
  };
  extensions: Extension[];
  signature: Uint8Array;
  /** What `signature` covers: KeyPackageTBS. */
  signed: Uint8Array;
};

/** Throws TlsFormError unless the bytes are exactly one KeyPackage whose leaf is of a key package. */
export function decodeKeyPackage(bytes: Uint8Array): KeyPackage {
  const reader = new TlsReader(bytes);
  const version = reader.u16();
  const suite = reader.u16();
  const initKey = reader.opaque();
  const leaf = readLeaf(reader, bytes);
  const extensions = reader.list(readExtension);
  const signed = bytes.subarray(0, reader.at);
  const signature = reader.opaque();
  if (!reader.isAtEnd) throw new TlsFormError('bytes are left over');
  return { version, suite, initKey, leaf, extensions, signature, signed };
}

function readLeaf(reader: TlsReader, bytes: Uint8Array): KeyPackage['leaf'] {
  const start = reader.at;
  const encryptionKey = reader.opaque();
  const signatureKey = reader.opaque();
  const credential = { type: reader.u16(), identity: reader.opaque() };
  const capabilities = readCapabilities(reader);
  // other sources have different fields after this
  if (reader.u8() !== SOURCE_KEY_PACKAGE) throw new TlsFormError('the leaf is not one of a key package');
  const lifetime = { notBefore: reader.u64(), notAfter: reader.u64() };
  const extensions = reader.list(readExtension);
  const signed = bytes.subarray(start, reader.at);
  const signature = reader.opaque();
  return {
    encryptionKey,
    signatureKey,
    credential,
    capabilities,
    lifetime,
    extensions,
    signature,
    signed,
  };
}

function readCapabilities(reader: TlsReader): Capabilities {
  const numbers = (): number[] => reader.list((values) => values.u16());
  return {
    versions: numbers(),
    suites: numbers(),
    extensions: numbers(),
    proposals: numbers(),
    credentials: numbers(),
  };
}

function readExtension(reader: TlsReader): Extension {
  return { type: reader.u16(), data: reader.opaque() };
}
