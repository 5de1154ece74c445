import type { OwnDevice } from '@securechat/crypto/e2ee';
import { credentialIdentity, decodeBase64, encodeBase64, type SignedDeviceList } from '@securechat/protocol';
import type { ServerAddress } from '../api/index.ts';
import type { Keepsake } from '../connection/connection.ts';
import { SecureChatError } from '../errors.ts';
import type { DeviceKey } from '../identity/keys.ts';
import { fromBytes, toBytes } from '../storage/json.ts';
import type { Change, Store } from '../storage/store.ts';

/** Who this device is, where its server is, and its keys, which may exist nowhere else. */
export type Account = {
  readonly userId: string;
  readonly own: OwnDevice;
  readonly server: {
    readonly http: string;
    readonly socket: string;
    /** What the app told `open` last, so that it does nothing when it is told the same again. */
    readonly told?: ServerAddress;
  };
  /** Absent on a linked device until another device has sent it. */
  readonly accountSecret: Uint8Array | undefined;
};

type Stored = {
  userId: string;
  deviceId: string;
  publicKey: string;
  secretKey: string;
  identity: string;
  server: Account['server'];
  accountSecret?: string;
};
type StoredKeepsake = { pins: string[]; ticket?: string };

const ACCOUNT = 'account';
const KEEPSAKE = 'keepsake';

/** The store holds no account for `SecureChat.open`. Use `signUp`, `link` or `recover`. */
export class NoAccountHere extends SecureChatError {
  override readonly name = 'NoAccountHere';
  readonly isRetryable = false;
}

/** This linked device has not received the account key yet, so it cannot sign for the account. Resolves itself once another device is online. */
export class AccountKeyNotHere extends SecureChatError {
  override readonly name = 'AccountKeyNotHere';
  readonly isRetryable = true;
}

/** The server shows a different account key than the link code did. Do not retry with this server; start linking again. */
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

/** This device as groups know it: identified by its certificate in the account's device list. */
export function ownDeviceIn(list: SignedDeviceList, key: DeviceKey): OwnDevice {
  const certificate = list.devices.find(({ device_id }) => device_id === key.deviceId);
  if (!certificate) throw new NoAccountHere('the list of the account does not name this device');
  return { userId: list.user_id, ...key, identity: credentialIdentity(list, certificate) };
}
