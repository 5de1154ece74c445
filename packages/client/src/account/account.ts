import type { OwnDevice } from '@securechat/crypto/e2ee';
import { credentialIdentity, decodeBase64, encodeBase64, type SignedDeviceList } from '@securechat/protocol';
import type { Keepsake } from '../connection/connection.ts';
import { SecureChatError } from '../errors.ts';
import { type AccountKey, accountKeyFrom, type DeviceKey } from '../identity/keys.ts';
import { fromBytes, toBytes } from '../storage/json.ts';
import type { Change, Store } from '../storage/store.ts';

/** Who this device is, where its server is, and the keys that are nowhere else. */
export type Account = {
  readonly userId: string;
  readonly own: OwnDevice;
  readonly server: { readonly http: string; readonly socket: string };
  /** A linked device has it once another one has told it. */
  readonly accountSecret: Uint8Array | undefined;
};

type Stored = {
  userId: string;
  deviceId: string;
  publicKey: string;
  secretKey: string;
  identity: string;
  server: { http: string; socket: string };
  accountSecret?: string;
};
type StoredKeepsake = { pins: string[]; ticket?: string };

const ACCOUNT = 'account';
const KEEPSAKE = 'keepsake';

/** There is nothing in this store that `SecureChat.open` could open. */
export class NoAccountHere extends SecureChatError {
  override readonly name = 'NoAccountHere';
  readonly isRetryable = false;
}

/** This device was not told the account's key yet, and cannot speak for the account. */
export class AccountKeyNotHere extends SecureChatError {
  override readonly name = 'AccountKeyNotHere';
  readonly isRetryable = true;
}

/** What was read from the existing device is not what the server says. */
export class AnotherAccount extends SecureChatError {
  override readonly name = 'AnotherAccount';
  readonly isRetryable = false;
}

export async function loadAccount(store: Store): Promise<Account> {
  const bytes = await store.get(ACCOUNT);
  if (!bytes) throw new NoAccountHere('this store holds no account');
  const stored = fromBytes<Stored>(bytes);
  return {
    userId: stored.userId,
    own: {
      userId: stored.userId,
      deviceId: stored.deviceId,
      publicKey: decodeBase64(stored.publicKey),
      secretKey: decodeBase64(stored.secretKey),
      identity: decodeBase64(stored.identity),
    },
    server: stored.server,
    accountSecret: stored.accountSecret === undefined ? undefined : decodeBase64(stored.accountSecret),
  };
}

export function accountChange({ userId, own, server, accountSecret }: Account): Change {
  const stored: Stored = {
    ...{ userId, deviceId: own.deviceId, server },
    publicKey: encodeBase64(own.publicKey),
    secretKey: encodeBase64(own.secretKey),
    identity: encodeBase64(own.identity),
    ...(accountSecret ? { accountSecret: encodeBase64(accountSecret) } : {}),
  };
  return { put: ACCOUNT, value: toBytes(stored) };
}

export async function loadKeepsake(store: Store): Promise<Keepsake> {
  const bytes = await store.get(KEEPSAKE);
  if (!bytes) throw new NoAccountHere('this store holds no account');
  const { pins, ticket } = fromBytes<StoredKeepsake>(bytes);
  return { pins: pins.map(decodeBase64), ticket };
}

export function keepsakeChange({ pins, ticket }: Keepsake): Change {
  const stored: StoredKeepsake = {
    pins: pins.map(encodeBase64),
    ...(ticket === undefined ? {} : { ticket }),
  };
  return { put: KEEPSAKE, value: toBytes(stored) };
}

/** This device as the groups know it: by the certificate in its account's list. */
export function ownDeviceIn(list: SignedDeviceList, key: DeviceKey): OwnDevice {
  const certificate = list.devices.find(({ device_id }) => device_id === key.deviceId);
  if (!certificate) throw new NoAccountHere('the list of the account does not name this device');
  return { userId: list.user_id, ...key, identity: credentialIdentity(list, certificate) };
}

/** Throws `AccountKeyNotHere` on a linked device that was not told it yet. */
export async function accountKeyOf({ accountSecret }: Account): Promise<AccountKey> {
  if (!accountSecret) throw new AccountKeyNotHere('the account key is not here yet');
  return accountKeyFrom(accountSecret);
}
