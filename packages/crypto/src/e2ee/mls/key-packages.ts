import { concat, encodeBase64Url } from '@securechat/protocol';
import {
  decodeKeyPackage,
  encodeKeyPackage,
  generateKeyPackageWithKey,
  type KeyPackage,
  makeKeyPackageRef,
  type PrivateKeyPackage,
} from 'ts-mls/keyPackage.js';
import type { KeyPackagePair, OwnDevice } from '../engine.ts';
import { E2eeError } from '../errors.ts';
import type { Suite } from './suite.ts';

/** The profile's only extension: marks a package as meant to be used more than once. */
const LAST_RESORT = 0x000a;
/** From `notBefore` to `notAfter`; an expired package adds nobody. */
export const KEY_PACKAGE_SECONDS = 90 * 86_400;
/** Allows for clocks that differ. */
const EARLIER_SECONDS = 3_600;
const PRIVATE_VERSION = 1;

export type OwnKeyPackage = { publicPackage: KeyPackage; privatePackage: PrivateKeyPackage };

export function generateKeyPackage(
  own: OwnDevice,
  { lastResort = false, nowSeconds }: { lastResort?: boolean; nowSeconds: number },
  suite: Suite,
): Promise<OwnKeyPackage> {
  const notBefore = BigInt(nowSeconds - EARLIER_SECONDS);
  return generateKeyPackageWithKey(
    { credentialType: 'basic', identity: own.identity },
    {
      versions: ['mls10'],
      ciphersuites: [suite.name],
      extensions: lastResort ? [LAST_RESORT] : [],
      proposals: [],
      credentials: ['basic'],
    },
    { notBefore, notAfter: notBefore + BigInt(KEY_PACKAGE_SECONDS) },
    lastResort ? [{ extensionType: LAST_RESORT, extensionData: new Uint8Array() }] : [],
    { signKey: own.secretKey, publicKey: own.publicKey },
    suite,
  );
}

export async function encodePair(
  { publicPackage, privatePackage }: OwnKeyPackage,
  suite: Suite,
): Promise<KeyPackagePair> {
  const { initPrivateKey, hpkePrivateKey } = privatePackage;
  return {
    bytes: concat(encodeKeyPackage(publicPackage)),
    reference: await referenceOf(publicPackage, suite),
    initKey: publicPackage.initKey.slice() as Uint8Array<ArrayBuffer>,
    privateBytes: concat(Uint8Array.of(PRIVATE_VERSION), initPrivateKey, hpkePrivateKey),
  };
}

export async function referenceOf(keyPackage: KeyPackage, suite: Suite): Promise<string> {
  return encodeBase64Url(await makeKeyPackageRef(keyPackage, suite.hash));
}

/** The private half as written by `encodePair`; both keys have the same length. */
export function decodePrivate(bytes: Uint8Array, own: OwnDevice): PrivateKeyPackage {
  const middle = (bytes.length + 1) / 2;
  if (bytes[0] !== PRIVATE_VERSION || bytes.length < 3 || !Number.isInteger(middle)) {
    throw new RangeError('not the private half of a key package');
  }
  return {
    initPrivateKey: bytes.slice(1, middle),
    hpkePrivateKey: bytes.slice(middle),
    signaturePrivateKey: own.secretKey,
  };
}

export function readKeyPackage(bytes: Uint8Array): KeyPackage {
  const [keyPackage, length] = decodeKeyPackage(bytes, 0) ?? [];
  if (keyPackage === undefined || length !== bytes.length) throw new E2eeError('form');
  return keyPackage;
}

/**
 * The checks that the library leaves out, for a package to be added now or one added at `atSeconds`. Signatures, credential and keys are
 * checked by the library.
 */
export function checkKeyPackage(
  { leafNode, initKey, extensions, cipherSuite, version }: KeyPackage,
  atSeconds: number,
  suite: Suite,
): void {
  const at = BigInt(atSeconds);
  const { notBefore, notAfter } = leafNode.lifetime;
  const { versions, ciphersuites, credentials } = leafNode.capabilities;
  const isSound =
    version === 'mls10' &&
    cipherSuite === suite.name &&
    versions.includes('mls10') &&
    ciphersuites.includes(suite.name) &&
    credentials.includes('basic') &&
    leafNode.extensions.length === 0 &&
    suite.isSoundKey(initKey) &&
    extensions.every(({ extensionType }) => extensionType === LAST_RESORT) &&
    notBefore <= at &&
    at < notAfter &&
    notAfter - notBefore <= BigInt(KEY_PACKAGE_SECONDS);
  if (!isSound) throw new E2eeError('key_package');
}
