import type { Role } from '@securechat/protocol/internal';

/** Who takes part in a conversation, as an operation on it needs to know. */
export type Roster = {
  /** By user number. */
  members: Map<number, { name: string; role: Role }>;
  /** Devices by address: those that take part, and those that left but have not been removed by a commit yet. */
  devices: Map<string, { device: number; user: number }>;
  /** Names of users who may not be added. */
  banned: Set<string>;
  /** Last client_seq accepted from devices that took part earlier. */
  formerClientSeqs: Map<number, number>;
};

/**
 * What the names in an operation refer to. Users who have blocked the acting user are absent, like those who do not
 * exist.
 */
export type Named = {
  users: Map<string, number>;
  /** Active devices, by address. */
  devices: Map<string, { device: number; user: number }>;
  /** Active devices of the acting user. */
  own: ReadonlySet<number>;
};

/** Nobody is named. */
export const NOBODY: Named = { users: new Map(), devices: new Map(), own: new Set() };

/** What an accepted operation changes. Nothing has been applied yet. */
export type Effect = {
  joinedMembers: { user: number; name: string }[];
  leftMembers: number[];
  roles: { user: number; role: Role }[];
  /** Names that may no longer be added, and those that may be added again. */
  banned: string[];
  unbanned: string[];
  /** With the last client_seq of an earlier stay: it continues from there. */
  joinedDevices: { device: number; user: number; address: string; lastClientSeq: number }[];
  /** Devices that get nothing after this operation. */
  leftDevices: number[];
  /** Devices that this operation removes from the keys; a device whose user leaves voluntarily is not among them. */
  removedDevices: number[];
  /** The keys in force from here on, if they change. */
  keys: { generation: number; epoch: number } | undefined;
};

export const noEffect: Effect = {
  joinedMembers: [],
  leftMembers: [],
  roles: [],
  banned: [],
  unbanned: [],
  joinedDevices: [],
  leftDevices: [],
  removedDevices: [],
  keys: undefined,
};
