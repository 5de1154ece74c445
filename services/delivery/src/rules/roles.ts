import type { Role } from '@securechat/protocol/internal';

/** What a member of a group may be allowed to do; sending, leaving and key rotation are open to everyone. */
export type Right = 'add' | 'remove' | 'ban' | 'promote' | 'name' | 'restart' | 'devices of others';

/**
 * Who may do what to whom: for each role of the acting member, the roles it may be done to; or, for rights without a
 * target, whether it may be done at all. An owner grants and revokes every role, including their own; nobody else
 * changes roles, except that an admin may step down.
 */
const rights: { [R in Role]: { [D in Right]: readonly Role[] | boolean } } = {
  owner: {
    add: true,
    remove: ['admin', 'member'],
    ban: true,
    promote: ['owner', 'admin', 'member'],
    name: true,
    restart: true,
    'devices of others': ['owner', 'admin', 'member'],
  },
  admin: {
    add: true,
    remove: ['member'],
    ban: true,
    promote: [],
    name: true,
    restart: true,
    'devices of others': ['owner', 'admin', 'member'],
  },
  member: {
    add: false,
    remove: [],
    ban: false,
    promote: [],
    name: false,
    restart: false,
    'devices of others': [],
  },
};

export function mayDo(role: Role, right: Right, to?: Role): boolean {
  const granted = rights[role][right];
  if (typeof granted === 'boolean') return granted;
  return to === undefined ? granted.length > 0 : granted.includes(to);
}

/** Giving up one's own role needs no right. */
export function isStepDown(from: Role, to: Role): boolean {
  return from === 'admin' && to === 'member';
}
