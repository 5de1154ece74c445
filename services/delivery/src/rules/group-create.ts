import type { GroupCreateRecord, Role } from '@securechat/protocol/internal';
import type { Conversation } from '../store/state.ts';
import { checkPlace } from './decide-operation.ts';
import { checkRoom } from './fanout.ts';
import { malformed, type Refusal } from './refusal.ts';
import { mayDo } from './roles.ts';
import { type Effect, type Named, noEffect } from './roster.ts';

/**
 * May this group be created? Requires active users, including the creator, with at least one active device each, and
 * a welcome for all devices but the creating one. An unknown user and one who has blocked the creator are refused
 * alike.
 */
export function checkGroupCreate(record: GroupCreateRecord, named: Named): Refusal | undefined {
  if (record.generation !== 0 || record.epoch !== 0) return malformed('/epoch');
  if (record.previous_sha256 !== undefined) return malformed('/previous_sha256');
  return checkParts(record, named, new Set(named.users.values()));
}

/** `equipped`: users who must each bring a device. */
function checkParts(
  record: GroupCreateRecord,
  named: Named,
  equipped: ReadonlySet<number>,
): Refusal | undefined {
  const { members, added_devices: added, welcome_to: welcomed } = record;
  if (new Set(members).size < members.length) return malformed('/members');
  if (new Set(added).size < added.length) return malformed('/added_devices');
  const users = members.map((name) => named.users.get(name));
  if (!users.includes(record.user) || users.includes(undefined)) return { error: 'PERMISSION_DENIED' };
  const devices = added.map((address) => named.devices.get(address));
  if (devices.some((found) => !found || !users.includes(found.user))) return { error: 'PERMISSION_DENIED' };
  const listed = new Set(devices.map((found) => found?.user));
  if ([...equipped].some((user) => !listed.has(user))) return malformed('/added_devices');
  const others = added.filter((_, index) => devices[index]?.device !== record.device);
  if (others.length !== added.length - 1) return malformed('/added_devices');
  if (others.toSorted().join() !== welcomed.toSorted().join()) return malformed('/welcome_to');
  return undefined;
}

/**
 * May this conversation be restarted with fresh keys? By either user of a direct one, even one who had left, or by an
 * admin of a group; from a device that takes part, or from any device of a user none of whose devices do. It must
 * start from the newest state and keep the same members, except those whom the acting user may remove: a member may
 * have been added by a commit that nobody can follow, and then nobody can let that one in. Commits that were due are
 * settled by it: devices not listed have no part in the new keys.
 */
export function decideRestart(
  record: GroupCreateRecord,
  conversation: Conversation | undefined,
  named: Named,
): Effect | Refusal {
  const { replaces } = record;
  const roster = conversation?.roster;
  if (!conversation || !roster || !replaces || (record.kind ?? 'direct') !== conversation.kind) {
    return { error: 'PERMISSION_DENIED' };
  }
  const isDirect = conversation.kind === 'direct';
  const own = roster.members.get(record.user);
  const mayRestart = isDirect
    ? conversation.isOpen && conversation.names.has(record.user)
    : own !== undefined && mayDo(own.role, 'restart');
  if (!mayRestart || isTakenOut(record, conversation, named)) return { error: 'PERMISSION_DENIED' };
  const stale = checkPlace({ ...replaces, previous_sha256: record.previous_sha256 }, conversation);
  const refused = stale ?? checkRoom(conversation, 'operations');
  if (refused) return refused;
  if (record.generation !== conversation.generation + 1 || record.epoch !== 0)
    return malformed('/generation');

  const members = isDirect
    ? conversation.names
    : new Map([...roster.members].map(([user, { name }]) => [user, name]));
  const users = new Map([...members].map(([user, name]) => [name, user]));
  const listedNames = new Set(record.members);
  const leftOut = [...members].flatMap(([user, name]) => (listedNames.has(name) ? [] : [user]));
  if (!record.members.every((name) => users.has(name)) || (isDirect && leftOut.length > 0))
    return malformed('/members');
  if (!leftOut.every((user) => mayLeaveOut(own?.role, roster.members.get(user)?.role)))
    return { error: 'PERMISSION_DENIED', detail: { path: '/members' } };
  // Nobody else is dropped in passing: a user with a device in the conversation keeps one, unless the account is now
  // disabled.
  const active = new Set(named.users.values());
  const gone = new Set(leftOut);
  const present = [...conversation.devices.values()].flatMap(({ user }) =>
    active.has(user) && !gone.has(user) ? [user] : [],
  );
  const wrong = checkParts(record, { ...named, users }, new Set(isDirect ? members.keys() : present));
  if (wrong) return wrong;

  const listed = record.added_devices.flatMap((address) => {
    const found = named.devices.get(address);
    return found
      ? [{ ...found, address, lastClientSeq: roster.formerClientSeqs.get(found.device) ?? 0 }]
      : [];
  });
  const numbers = new Set(listed.map(({ device }) => device));
  return {
    ...noEffect,
    joinedMembers: [...members].flatMap(([user, name]) => (roster.members.has(user) ? [] : [{ user, name }])),
    leftMembers: leftOut,
    joinedDevices: listed.filter(({ device }) => !conversation.devices.has(device)),
    leftDevices: [...conversation.devices.keys()].filter((device) => !numbers.has(device)),
    removedDevices: [...roster.devices.values()].flatMap(({ device }) =>
      numbers.has(device) && conversation.devices.has(device) ? [] : [device],
    ),
    keys: { generation: record.generation, epoch: 0 },
  };
}

function mayLeaveOut(own: Role | undefined, role: Role | undefined): boolean {
  return own !== undefined && role !== undefined && mayDo(own, 'remove', role);
}

/**
 * A device that was removed while its user still takes part with another one may not re-add itself. Revoked devices
 * do not count: the conversation forgets them slightly later than the account, and whoever recovers the account has
 * no others.
 */
function isTakenOut(record: GroupCreateRecord, { devices }: Conversation, { own }: Named): boolean {
  return (
    !devices.has(record.device) &&
    [...devices].some(([device, { user }]) => user === record.user && own.has(device))
  );
}
