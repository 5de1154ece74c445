import type { Role } from '../../api/index.ts';

/** What a role can permit in a group. Writing, leaving and updating keys need no right. */
export type Right =
  | 'add'
  | 'remove'
  | 'promote'
  | 'name'
  | 'restart'
  | 'devices of others'
  | 'delete for others';

/**
 * Repeats the server's table, because the server is not trusted: per role of the actor, the roles it may act on; or, where nobody is
 * acted on, whether it is allowed.
 */
const rights: { [R in Role]: { [D in Right]: readonly Role[] | boolean } } = {
  owner: {
    add: true,
    remove: ['admin', 'member'],
    promote: ['owner', 'admin', 'member'],
    name: true,
    restart: true,
    'devices of others': true,
    'delete for others': true,
  },
  admin: {
    add: true,
    remove: ['member'],
    promote: [],
    name: true,
    restart: true,
    'devices of others': true,
    'delete for others': true,
  },
  member: {
    add: false,
    remove: [],
    promote: [],
    name: false,
    restart: false,
    'devices of others': false,
    'delete for others': false,
  },
};

export function mayDo(role: Role | undefined, right: Right, to?: Role): boolean {
  if (role === undefined) return false;
  const granted = rights[role][right];
  if (typeof granted === 'boolean') return granted;
  return to === undefined ? granted.length > 0 : granted.includes(to);
}

/** Giving up one's own role needs no right. */
export function isStepDown(from: Role | undefined, to: Role): boolean {
  return from === 'admin' && to === 'member';
}
