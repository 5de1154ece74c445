import type { Role } from '../../api/index.ts';

/** What a member of a group may be allowed to do; saying something, leaving and fresh keys are everybody's. */
export type Right =
  | 'add'
  | 'remove'
  | 'promote'
  | 'name'
  | 'restart'
  | 'devices of others'
  | 'delete for others';

/**
 * The server's table once more, because its word is not enough: for each role of the one who acts, the roles of those it may
 * be done to; where nobody is concerned, whether it may be done at all.
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

/** Giving up a role of one's own needs no right. */
export function isStepDown(from: Role | undefined, to: Role): boolean {
  return from === 'admin' && to === 'member';
}
