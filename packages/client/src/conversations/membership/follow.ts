import type { Notice, Role } from '../../api/index.ts';
import { lookUp } from '../../look-up.ts';
import { roleMattersOf } from './judge.ts';
import { devicesOf, type Log, MAX_HEADS, MAX_UNJUDGED, userOf } from './log.ts';
import type { Operation } from './operation.ts';

/** The log after a judged operation. `leaves`: the devices holding the keys it leads to. */
export function follow(
  log: Log,
  operation: Exclude<Operation, { type: 'group_create' }>,
  digest: string,
  leaves: Log['leaves'] = log.leaves,
): Log {
  const next: Log = {
    ...log,
    head: digest,
    heads: [...log.heads, digest].slice(-MAX_HEADS),
    ...(log.unvouched && { unvouched: remember(log.unvouched, operation) }),
  };
  switch (operation.type) {
    case 'group_member_add':
      return afterCommit({ ...next, roles: { ...log.roles, ...given(operation.targets, 'member') } }, leaves);
    case 'group_member_remove':
      return afterCommit({ ...next, roles: without(log.roles, operation.targets) }, leaves);
    case 'group_commit':
      return afterCommit(next, leaves);
    case 'group_leave':
      return {
        ...next,
        roles: without(log.roles, [operation.from]),
        due: [...log.due, ...devicesOf(log, operation.from)],
      };
    case 'group_update':
      if (!operation.role) return next;
      return { ...next, roles: { ...log.roles, ...given(operation.targets ?? [], operation.role) } };
  }
}

/** Operations that need no role, such as key updates and leaving, need no later judgement. */
function remember(unvouched: NonNullable<Log['unvouched']>, operation: Operation): typeof unvouched {
  const { type, addedDevices, ...rest } = roleMattersOf(operation);
  const needsNone = type === 'group_leave' || (type === 'group_commit' && addedDevices.length === 0);
  if (needsNone || unvouched.since.length > MAX_UNJUDGED) return unvouched;
  return { ...unvouched, since: [...unvouched.since, { type, addedDevices, ...rest }] };
}

function afterCommit(log: Log, leaves: Log['leaves']): Log {
  return { ...log, epoch: log.epoch + 1, leaves, due: log.due.filter((device) => device in leaves) };
}

/** The log of a new or restarted conversation. Roles survive a restart. */
export function begin(
  operation: Operation<'group_create'>,
  digest: string,
  leaves: Log['leaves'],
  before: Log | undefined,
): Log {
  const { kind, from, members, generation } = operation;
  const isNew = operation.replaces === undefined;
  const roles = isNew
    ? { ...given(members, 'member'), ...(kind === 'group' ? given([from], 'owner') : {}) }
    : Object.fromEntries(members.map((user) => [user, lookUp(before?.roles ?? {}, user) ?? 'member']));
  return {
    kind,
    generation,
    epoch: 0,
    head: digest,
    heads: [digest],
    roles,
    leaves,
    due: [],
    ...(isNew || kind === 'direct' || (before && !before.unvouched)
      ? {}
      : { unvouched: { by: operation.from, logHead: digest, since: [] } }),
  };
}

/** The log of a device added by an operation: it knows the members from the keys, and nothing earlier. */
export function beginLate(
  kind: Log['kind'],
  operation: Exclude<Operation, { type: 'group_create' }>,
  digest: string,
  leaves: Log['leaves'],
): Log {
  const users = Object.keys(leaves).map(userOf);
  return {
    kind,
    generation: operation.generation,
    epoch: operation.epoch + 1,
    head: digest,
    heads: [digest],
    roles: given(users, 'member'),
    leaves,
    due: [],
    ...(kind === 'direct' ? {} : { unvouched: { by: operation.from, logHead: digest, since: [] } }),
  };
}

/** The notices to show for an operation that changed the state `before`. */
export function noticeOf(
  operation: Operation,
  newName: string | undefined,
  before: Log | undefined,
): Notice[] {
  switch (operation.type) {
    case 'group_create': {
      const { members, replaces } = operation;
      if (!replaces) return [{ type: 'created', users: members }];
      const gone = Object.keys(before?.roles ?? {}).filter((user) => !members.includes(user));
      return [{ type: 'restarted' }, ...(gone.length > 0 ? [{ type: 'removed', users: gone } as const] : [])];
    }
    case 'group_member_add':
      return [{ type: 'added', users: operation.targets }];
    case 'group_member_remove':
      return [{ type: 'removed', users: operation.targets }];
    case 'group_leave':
      return [{ type: 'left' }];
    case 'group_update': {
      const notices: Notice[] = [];
      if (newName !== undefined) notices.push({ type: 'renamed', name: newName });
      if (operation.role)
        notices.push({ type: 'role', users: operation.targets ?? [], role: operation.role });
      return notices;
    }
    case 'group_commit': {
      const { added_devices: added, removed_devices: removed } = operation;
      return added.length + removed.length > 0 ? [{ type: 'devices', added, removed }] : [];
    }
  }
}

export function given(users: readonly string[], role: Role): Record<string, Role> {
  return Object.fromEntries(users.map((user) => [user, role]));
}

function without(roles: Log['roles'], users: readonly string[]): Log['roles'] {
  return Object.fromEntries(Object.entries(roles).filter(([user]) => !users.includes(user)));
}
