/** A device as the server and the other members name it. */
export type DeviceRef = { userId: string; deviceId: string };

/** A member of the group. `publicKey` is the Ed25519 key of the device, which also signs its envelopes. */
export type Leaf = DeviceRef & { leafIndex: number; publicKey: Uint8Array };

/** This device. Its secret key is not kept in group states; every call that signs gets it anew. */
export type OwnDevice = DeviceRef & {
  /** Ed25519, 32 bytes. */
  publicKey: Uint8Array;
  /** Ed25519 seed, 32 bytes (RFC 8032). */
  secretKey: Uint8Array;
  /** What `credentialIdentity` of the protocol makes of the signed device list. */
  identity: Uint8Array;
};

/**
 * Says whose leaf this is, or `undefined` when it is nobody's: the identity must be the credential of a device that the
 * account key known for its user has certified, and `publicKey` the key of that device. Whoever is refused here gets
 * into no group. Asked for each leaf that is new to a state, and for all of them when joining.
 */
export type Authenticate = (leaf: {
  identity: Uint8Array;
  publicKey: Uint8Array;
}) => Promise<DeviceRef | undefined>;

/** Opaque and immutable. Holds the keys of the epoch it is at, of none before it, and not the device's own key. */
export type GroupState = Uint8Array<ArrayBuffer>;

export type KeyPackagePair = {
  /** The KeyPackage that is given away. */
  bytes: Uint8Array<ArrayBuffer>;
  /** KeyPackageRef, base64url. */
  reference: string;
  /** X25519, 32 bytes; `public_key` of `key_exchange`. */
  initKey: Uint8Array<ArrayBuffer>;
  /** Stays on the device, and is deleted in the write that stores the state joined with it. */
  privateBytes: Uint8Array<ArrayBuffer>;
};

/** Finds the private half of one of these key packages (base64url references), or `undefined` when none is ours. */
export type FindKeyPackage = (
  references: readonly string[],
) => Promise<{ bytes: Uint8Array; privateBytes: Uint8Array } | undefined>;

export type Committed = {
  commit: Uint8Array<ArrayBuffer>;
  /** For all that are added, and only when somebody is. */
  welcome: Uint8Array<ArrayBuffer> | undefined;
  /** Takes effect when the server has taken the commit; thrown away when another one was first. */
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
  /** `undefined` when this device is among those that were removed: nothing of the group is left to keep. */
  next: GroupState | undefined;
};

/**
 * `epoch` is that of the state, as envelopes and operations name it: 0 when the group begins, one more with each commit
 * after that. Messages and commits of any other are refused.
 */
export type GroupDescription = { groupId: Uint8Array; epoch: number; leaves: Leaf[] };

/**
 * Messaging Layer Security (RFC 9420) as far as this product speaks it: groups of devices, commits that add, remove or
 * only renew keys, messages, welcomes. Everything else that MLS knows is refused.
 *
 * Nothing is stored inside. A call takes a state and returns the next one; a call that throws has changed nothing. The
 * next state is stored **before** anything made with it leaves the device, and each state is used to seal at most once:
 * whoever seals twice from one state uses a key twice.
 *
 * Throws an `E2eeError` for everything that a peer or the server sent, and `TooManyDevices` for a group that would
 * become too large.
 */
export interface E2eeEngine {
  /** MLS number of the cipher suite. */
  readonly suite: number;

  /** Valid from an hour before `nowSeconds` for 90 days. A last resort says of itself that it is used more than once. */
  keyPackage(own: OwnDevice, options: { lastResort?: boolean; nowSeconds: number }): Promise<KeyPackagePair>;

  /**
   * A group of this device and those of the key packages, if there are any; judged as in `commit`. `groupId`: 1 to 255
   * bytes, used for no other group.
   */
  create(
    own: OwnDevice,
    groupId: Uint8Array,
    change: { add: readonly Uint8Array[]; nowSeconds: number },
  ): Promise<{ welcome: Uint8Array<ArrayBuffer> | undefined; state: GroupState }>;

  /**
   * Leads to the next epoch. Neither added nor removed: only fresh keys. Refuses key packages that are expired at
   * `nowSeconds`, badly signed, or not authenticated, devices that are members already, and removing this device.
   */
  commit(
    state: GroupState,
    own: OwnDevice,
    change: { add: readonly Uint8Array[]; remove: readonly DeviceRef[]; nowSeconds: number },
    authenticatedData: Uint8Array,
  ): Promise<Committed>;

  /** `reference` is that of the key package that was used: its private half must be deleted. */
  join(
    welcome: Uint8Array,
    own: OwnDevice,
    find: FindKeyPackage,
  ): Promise<{ state: GroupState; reference: string }>;

  /**
   * A message to the group, padded to a size class of the protocol. `authenticatedData` is readable by the server and
   * changeable by nobody. RangeError when `plaintext` is longer than the largest class holds.
   */
  seal(
    state: GroupState,
    own: OwnDevice,
    plaintext: Uint8Array,
    authenticatedData: Uint8Array,
  ): Promise<{ ciphertext: Uint8Array<ArrayBuffer>; next: GroupState }>;

  /** Refuses what was opened before, and what a later message of its sender has overtaken: its key is gone. */
  open(state: GroupState, ciphertext: Uint8Array): Promise<Opened>;

  /**
   * A commit of another member. What it does is returned to be judged (may this member do that? is it what the signed
   * operation says?); `next` is stored only then. `atSeconds` is when it was made, by the signed operation: the key
   * packages in it must have been valid then, since this device may have been away for weeks.
   */
  apply(state: GroupState, commit: Uint8Array, atSeconds: number): Promise<Applied>;

  describe(state: GroupState): GroupDescription;

  /** A secret of this epoch that all members can derive, for what does not travel in order. `length` ≤ 255 × 32. */
  exportSecret(
    state: GroupState,
    label: string,
    context: Uint8Array,
    length: number,
  ): Promise<Uint8Array<ArrayBuffer>>;
}
