import type { Role } from '../../api/index.ts';

/** `user:device`, as operations name devices. */
export type Address = string;

/**
 * A conversation as its operations define it. Membership is never taken from the server: operations are signed by members and chained by
 * hash, and the devices are those holding the keys.
 */
export type Log = {
  readonly kind: 'direct' | 'group';
  /** Of the keys. `epoch` is that of the operations, from 0 in each generation. */
  readonly generation: number;
  readonly epoch: number;
  /** Base64 of the SHA-256 of the newest operation's transcript. */
  readonly head: string;
  /** The newest heads of this generation including the current one, newest last, at most `MAX_HEADS`. */
  readonly heads: readonly string[];
  readonly roles: Readonly<Record<string, Role>>;
  /** Devices that hold the keys, and their public keys in base64. */
  readonly leaves: Readonly<Record<Address, string>>;
  /** Devices that have left but still hold the keys of this epoch. */
  readonly due: readonly Address[];
  /** On a device added by `by` with the operation `logHead`, until it is told the roles. Operations meanwhile are applied, and judged afterwards. */
  readonly unvouched?: { readonly by: string; readonly logHead: string; readonly since: readonly Unjudged[] };
};

/** The fields of an operation that judging roles needs. */
export type Unjudged = {
  readonly type: string;
  readonly from: string;
  readonly targets: readonly string[];
  readonly role?: Role;
  readonly isRenaming: boolean;
  readonly addedDevices: readonly Address[];
};

/** Enough for the operations that can be in flight while a member writes; naming an older head is an error. */
export const MAX_HEADS = 32;

/**
 * Operations that may wait to be judged. The roles arrive with the first message of the device that added this one; after this many
 * operations they are too late to be applied.
 */
export const MAX_UNJUDGED = 256;

export const addressOf = (userId: string, deviceId: string): Address => `${userId}:${deviceId}`;

export function userOf(address: Address): string {
  return address.slice(0, address.indexOf(':'));
}

export function deviceOf(address: Address): string {
  return address.slice(address.indexOf(':') + 1);
}

/** Devices of a user that hold the keys, sorted by address. */
export function devicesOf(log: Pick<Log, 'leaves'>, userId: string): Address[] {
  return Object.keys(log.leaves)
    .filter((address) => userOf(address) === userId)
    .sort();
}
