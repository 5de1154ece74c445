import type { Role } from '../../api/index.ts';

/** `user:device`, as operations name devices. */
export type Address = string;

/**
 * A conversation as its operations tell it. Who takes part is never the server's word: operations are signed by members,
 * follow one another by hash, and the devices are those of the keys.
 */
export type Log = {
  readonly kind: 'direct' | 'group';
  /** Of the keys. `epoch` counts as operations do, from 0 in each generation. */
  readonly generation: number;
  readonly epoch: number;
  /** Base64 of SHA-256 of the newest operation's transcript. */
  readonly head: string;
  /** This one and those before it in the same generation, newest last, at most `MAX_HEADS`. */
  readonly heads: readonly string[];
  readonly roles: Readonly<Record<string, Role>>;
  /** Devices that hold the keys, with their public keys in base64. */
  readonly leaves: Readonly<Record<Address, string>>;
  /** Devices that have left and still hold the keys of this epoch. */
  readonly due: readonly Address[];
  /**
   * Of a device that `by` has brought in with the operation `logHead`, until it is told the roles. What is done meanwhile is taken,
   * and judged afterwards.
   */
  readonly unvouched?: { readonly by: string; readonly logHead: string; readonly since: readonly Unjudged[] };
};

/** What of an operation the judgement of roles needs. */
export type Unjudged = {
  readonly type: string;
  readonly from: string;
  readonly targets: readonly string[];
  readonly role?: Role;
  readonly isRenaming: boolean;
  readonly addedDevices: readonly Address[];
};

/** Enough for what can be on its way while a member writes; a message naming an older one is out of order. */
export const MAX_HEADS = 32;

/**
 * Operations that wait to be judged. The roles come with the first message of who has brought a device in; if so much is done before
 * it, they come too late: nobody could tell any more what has become of them.
 */
export const MAX_UNJUDGED = 256;

export const addressOf = (userId: string, deviceId: string): Address => `${userId}:${deviceId}`;

export function userOf(address: Address): string {
  return address.slice(0, address.indexOf(':'));
}

export function deviceOf(address: Address): string {
  return address.slice(address.indexOf(':') + 1);
}

/** Devices of a user that hold the keys, in the order of their addresses. */
export function devicesOf(log: Pick<Log, 'leaves'>, userId: string): Address[] {
  return Object.keys(log.leaves)
    .filter((address) => userOf(address) === userId)
    .sort();
}
