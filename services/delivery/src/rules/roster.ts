import type { Role } from '@securechat/protocol/internal';

/** Who takes part in a conversation, as an operation on it needs to know. */
export type Roster = {
  /** By number of the user. */
  members: Map<number, { name: string; role: Role }>;
  /** Devices by address: those that take part, and those that are gone but not yet removed by a commit. */
  devices: Map<string, { device: number; user: number }>;
  /** Names of users who may not be added. */
  banned: Set<string>;
  /** Last client_seq that was taken from devices that took part before. */
  formerClientSeqs: Map<number, number>;
};

/** What the names in an operation mean. Who has blocked the acting user is nobody here, like who does not exist. */
export type Named = {
  users: Map<string, number>;
  /** Active devices, by address. */
  devices: Map<string, { device: number; user: number }>;
  /** Active devices of the acting user. */
  own: ReadonlySet<number>;
};

/** Nobody is named. */
export const NOBODY: Named = { users: new Map(), devices: new Map(), own: new Set() };

/** What an accepted operation changes. Nothing of it has happened yet. */
export type Effect = {
  joinedMembers: { user: number; name: string }[];
  leftMembers: number[];
  roles: { user: number; role: Role }[];
  /** Names that may not be added from now on, and those that may again. */
  banned: string[];
  unbanned: string[];
  /** With the last client_seq of an earlier stay: it goes on behind that. */
  joinedDevices: { device: number; user: number; address: string; lastClientSeq: number }[];
  /** Devices that get nothing behind this operation. */
  leftDevices: number[];
  /** Devices that are out of the keys with this operation; who leaves by itself is not. */
  removedDevices: number[];
  /** The keys that hold from here on, if others than before. */
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
