/** A device, as the server and other members name it. */
export type DeviceRef = { userId: string; deviceId: string };

/** A member. `publicKey` is the device's Ed25519 key, which also signs its envelopes. */
export type Leaf = DeviceRef & { leafIndex: number; publicKey: Uint8Array };

/** This device. Group states do not contain its secret key; every signing call is given it. */
export type OwnDevice = DeviceRef & {
  /** Ed25519, 32 bytes. */
  publicKey: Uint8Array;
  /** Ed25519 seed, 32 bytes (RFC 8032). */
  secretKey: Uint8Array;
  /** Made by the protocol's `credentialIdentity` from the signed device list. */
  identity: Uint8Array;
};

/**
 * Names the device of a leaf, or returns `undefined` to reject it. The identity must be the credential of a device certified by its
 * user's known account key, and `publicKey` that device's key. A rejected leaf gets into no group. Called for each leaf new to a state,
 * and for all when joining.
 */
export type Authenticate = (leaf: {
  identity: Uint8Array;
  publicKey: Uint8Array;
}) => Promise<DeviceRef | undefined>;

/** Opaque and immutable. Holds the keys of its epoch and of no earlier one, and not the device's own key. */
export type GroupState = Uint8Array<ArrayBuffer>;

export type KeyPackagePair = {
  /** The public KeyPackage. */
  bytes: Uint8Array<ArrayBuffer>;
  /** KeyPackageRef, base64url. */
  reference: string;
  /** X25519, 32 bytes; `public_key` of `key_exchange`. */
  initKey: Uint8Array<ArrayBuffer>;
  /** Stays on the device; deleted in the write that stores the state joined with it. */
  privateBytes: Uint8Array<ArrayBuffer>;
};

/** Finds the private half of one of these key packages (base64url references); `undefined` when none is ours. */
export type FindKeyPackage = (
  references: readonly string[],
) => Promise<{ bytes: Uint8Array; privateBytes: Uint8Array } | undefined>;

export type Committed = {
  commit: Uint8Array<ArrayBuffer>;
  /** One for all added devices; `undefined` when none is added. */
  welcome: Uint8Array<ArrayBuffer> | undefined;
  /** Takes effect when the server has accepted the commit; discard it when another commit came first. */
  next: GroupState;
};

export type Opened = {
  plaintext: Uint8Array<ArrayBuffer>;
  authenticatedData: Uint8Array<ArrayBuffer>;
  sender: Leaf;
  next: GroupState;
};

export type Applied = {
  committer: Leaf;
  added: Leaf[];
  removed: Leaf[];
  authenticatedData: Uint8Array<ArrayBuffer>;
  /** `undefined` when this device is among those removed: nothing of the group remains. */
  next: GroupState | undefined;
};

/**
 * `epoch` of the state, as in envelopes and operations: 0 for a new group, plus one per commit. Messages and commits of other epochs are
 * rejected.
 */
export type GroupDescription = { groupId: Uint8Array; epoch: number; leaves: Leaf[] };

/**
 * The part of Messaging Layer Security (RFC 9420) that this product uses: groups of devices; commits that add, remove, or only renew
 * keys; messages; welcomes. Everything else in MLS is rejected.
 *
 * Stateless: a call takes a state and returns the next one; a call that throws has changed nothing. Store the next state **before**
 * anything made with it leaves the device, and seal at most once from each state: sealing twice reuses a key.
 *
 * Throws `E2eeError` for bad input from peers or the server, and `TooManyDevices` for a group that would become too large.
 */
export interface E2eeEngine {
  /** MLS number of the cipher suite. */
  readonly suite: number;

  /** Valid from an hour before `nowSeconds`, for 90 days. A last resort is marked as reusable. */
  keyPackage(own: OwnDevice, options: { lastResort?: boolean; nowSeconds: number }): Promise<KeyPackagePair>;

  /**
   * A group of this device and those of the key packages, if any, which are checked as in `commit`. `groupId`: 1 to 255 bytes, unique to
   * the group.
   */
  create(
    own: OwnDevice,
    groupId: Uint8Array,
    change: { add: readonly Uint8Array[]; nowSeconds: number },
  ): Promise<{ welcome: Uint8Array<ArrayBuffer> | undefined; state: GroupState }>;

  /**
   * Moves to the next epoch; adding and removing nobody, it only renews keys. Rejects key packages that are expired at `nowSeconds`,
   * badly signed or not authenticated, devices that are members already, and removing this device.
   */
  commit(
    state: GroupState,
    own: OwnDevice,
    change: { add: readonly Uint8Array[]; remove: readonly DeviceRef[]; nowSeconds: number },
    authenticatedData: Uint8Array,
  ): Promise<Committed>;

  /** `reference`: of the key package used, whose private half must be deleted. */
  join(
    welcome: Uint8Array,
    own: OwnDevice,
    find: FindKeyPackage,
  ): Promise<{ state: GroupState; reference: string }>;

  /**
   * A message to the group, padded to one of the protocol's size classes. The server can read `authenticatedData`, but nobody can change
   * it. Throws `RangeError` when `plaintext` exceeds the largest class.
   */
  seal(
    state: GroupState,
    own: OwnDevice,
    plaintext: Uint8Array,
    authenticatedData: Uint8Array,
  ): Promise<{ ciphertext: Uint8Array<ArrayBuffer>; next: GroupState }>;

  /** Rejects a message opened before, and one overtaken by a later one of its sender, whose key is gone. */
  open(state: GroupState, ciphertext: Uint8Array): Promise<Opened>;

  /**
   * Applies another member's commit. The caller judges the returned changes (is the member allowed to? do they match the signed
   * operation?) and stores `next` only then. `atSeconds`: when the commit was made, by the signed operation; its key packages must have
   * been valid then, because this device may have been away for weeks.
   */
  apply(state: GroupState, commit: Uint8Array, atSeconds: number): Promise<Applied>;

  describe(state: GroupState): GroupDescription;

  /** A secret of this epoch that all members can derive, for data outside the message order. `length` ≤ 255 × 32. */
  exportSecret(
    state: GroupState,
    label: string,
    context: Uint8Array,
    length: number,
  ): Promise<Uint8Array<ArrayBuffer>>;
}
