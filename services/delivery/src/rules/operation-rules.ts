import { MAX_COMMIT_REMOVALS, MAX_GROUP_MEMBERS } from '@securechat/protocol';
import type { GroupOperationRecord, Role } from '@securechat/protocol/internal';
import type { Conversation } from '../store/state.ts';
import { ban, changeBans, checkBanned } from './bans.ts';
import { checkDue } from './check-due.ts';
import { malformed, type Refusal } from './refusal.ts';
import { isStepDown, mayDo } from './roles.ts';
import { type Effect, type Named, noEffect, type Roster } from './roster.ts';

/** Everything an operation is judged by. `own` is the acting member. */
export type Scene = {
  conversation: Conversation;
  roster: Roster;
  named: Named;
  own: { name: string; role: Role };
};

type Rule = (record: GroupOperationRecord, scene: Scene) => Effect | Refusal;

/** Each operation's checks and its effect. Total: a type without a rule does not compile. */
export const operationRules: { [T in GroupOperationRecord['type']]: Rule } = {
  group_member_add(record, scene) {
    const { conversation, roster, named } = scene;
    const due = checkDue(conversation);
    if (due) return due;
    const { targets } = record;
    if (new Set(targets).size < targets.length) return malformed('/targets');
    const banned = checkBanned(targets, roster);
    if (banned) return banned;
    const users = targets.map((name) => ({ name, user: named.users.get(name) }));
    const joined = users.flatMap(({ name, user }) => (user === undefined ? [] : [{ name, user }]));
    if (joined.length < users.length) return { error: 'PERMISSION_DENIED', detail: { path: '/targets' } };
    if (joined.some(({ user }) => roster.members.has(user))) return malformed('/targets');
    if (roster.members.size + joined.length > MAX_GROUP_MEMBERS) {
      return { error: 'GROUP_FULL', detail: { limit: MAX_GROUP_MEMBERS } };
    }
    const allowed = new Set(joined.map(({ user }) => user));
    const devices = joiningDevices(record, scene, (user) => allowed.has(user));
    if ('error' in devices) return devices;
    const equipped = new Set(devices.map(({ user }) => user));
    if (equipped.size < allowed.size) return malformed('/added_devices');
    return { ...noEffect, joinedMembers: joined, joinedDevices: devices, keys: nextEpoch(conversation) };
  },

  group_member_remove(record, { conversation, roster, own }) {
    const due = checkDue(conversation);
    if (due) return due;
    const targets = membersNamed(record.targets, roster);
    if ('error' in targets) return targets;
    if (targets.has(record.user)) return malformed('/targets');
    for (const role of targets.values()) {
      if (!mayDo(own.role, 'remove', role))
        return { error: 'PERMISSION_DENIED', detail: { path: '/targets' } };
    }
    const devices = devicesOf(roster, (user) => targets.has(user));
    if (!isSameSet(record.removed_devices, [...devices.keys()])) return malformed('/removed_devices');
    const bans = record.ban === true ? ban(record.targets, roster) : noEffect;
    if ('error' in bans) return bans;
    const numbers = [...devices.values()].map(({ device }) => device);
    return {
      ...noEffect,
      ...bans,
      leftMembers: [...targets.keys()],
      leftDevices: numbers,
      removedDevices: numbers,
      keys: nextEpoch(conversation),
    };
  },

  group_leave(record, { conversation, roster, own }) {
    const others = [...roster.members].filter(([user]) => user !== record.user);
    const isLastOwner = own.role === 'owner' && !others.some(([, { role }]) => role === 'owner');
    if (isLastOwner && others.length > 0) return { error: 'LAST_OWNER' };
    const devices = devicesOf(roster, (user) => user === record.user);
    const present = [...devices].filter(([, { device }]) => conversation.devices.has(device));
    if (
      !isSameSet(
        record.removed_devices,
        present.map(([address]) => address),
      )
    ) {
      return malformed('/removed_devices');
    }
    return { ...noEffect, leftMembers: [record.user], leftDevices: present.map(([, { device }]) => device) };
  },

  group_update(record, { conversation, roster, own }) {
    const { role, ban: isBan, has_name: hasName = false } = record;
    if (role !== undefined && isBan !== undefined) return malformed('/ban');
    if (record.targets.length > 0 !== (role !== undefined || isBan !== undefined)) return malformed('/role');
    if (record.targets.length === 0 && !hasName) return malformed('/name');
    if (hasName) {
      if (!mayDo(own.role, 'name')) return { error: 'PERMISSION_DENIED' };
      const due = checkDue(conversation);
      if (due) return due;
    }
    if (isBan !== undefined) return changeBans(record.targets, isBan, { roster, own });
    if (role === undefined) return noEffect;
    const targets = membersNamed(record.targets, roster);
    if ('error' in targets) return targets;
    for (const [user, held] of targets) {
      const stepsDown = user === record.user && isStepDown(held, role);
      if (!stepsDown && !mayDo(own.role, 'promote', held)) return { error: 'PERMISSION_DENIED' };
    }
    const roles = [...targets.keys()].map((user) => ({ user, role }));
    const staysOwned = [...roster.members].some(([user, member]) =>
      targets.has(user) ? role === 'owner' : member.role === 'owner',
    );
    if (role !== 'owner' && !staysOwned && own.role === 'owner') return { error: 'LAST_OWNER' };
    return { ...noEffect, roles };
  },

  group_commit(record, scene) {
    const { conversation, roster, own } = scene;
    const due = checkDue(conversation);
    if (due) {
      const isWhatIsDue =
        record.added_devices.length === 0 &&
        isSameSet(record.removed_devices, due.detail?.removed_devices ?? []);
      if (!isWhatIsDue) return due;
      const removed = conversation.due.slice(0, MAX_COMMIT_REMOVALS).map(({ device }) => device);
      return { ...noEffect, removedDevices: removed, keys: nextEpoch(conversation) };
    }
    const mayTouch = (user: number): boolean => {
      if (user === record.user || conversation.kind === 'direct') return roster.members.has(user);
      const member = roster.members.get(user);
      return member !== undefined && mayDo(own.role, 'devices of others', member.role);
    };
    const joined = joiningDevices(record, scene, mayTouch);
    if ('error' in joined) return joined;
    const removed = record.removed_devices.map((address) => roster.devices.get(address));
    if (new Set(record.removed_devices).size < removed.length) return malformed('/removed_devices');
    const leaving = removed.flatMap((found) => found ?? []);
    if (leaving.length < removed.length || leaving.some(({ device }) => device === record.device)) {
      return malformed('/removed_devices');
    }
    if (leaving.some(({ user }) => !mayTouch(user))) return { error: 'PERMISSION_DENIED' };
    const gone = new Set(leaving.map(({ device }) => device));
    for (const { user } of leaving) {
      const rest = [...conversation.devices].some(
        ([device, held]) => held.user === user && !gone.has(device),
      );
      if (!rest && !joined.some((device) => device.user === user)) return malformed('/removed_devices');
    }
    return {
      ...noEffect,
      joinedDevices: joined,
      leftDevices: [...gone],
      removedDevices: [...gone],
      keys: nextEpoch(conversation),
    };
  },
};

const nextEpoch = ({ generation, epoch }: Conversation): Effect['keys'] => ({ generation, epoch: epoch + 1 });

/**
 * The devices that an operation adds: active, of users whose devices may be added, and not there yet. The welcome is
 * for them.
 */
function joiningDevices(
  record: GroupOperationRecord,
  { conversation, roster, named }: Scene,
  mayAdd: (user: number) => boolean,
): Effect['joinedDevices'] | Refusal {
  const { added_devices: added, welcome_to: welcomed } = record;
  if (new Set(added).size < added.length) return malformed('/added_devices');
  if (!isSameSet(added, welcomed)) return malformed('/welcome_to');
  if (added.length > 0 !== (record.welcome_at !== undefined)) return malformed('/welcome');
  const joined: Effect['joinedDevices'] = [];
  for (const address of added) {
    const found = named.devices.get(address);
    if (!found || !mayAdd(found.user))
      return { error: 'PERMISSION_DENIED', detail: { path: '/added_devices' } };
    if (conversation.devices.has(found.device)) return malformed('/added_devices');
    joined.push({ ...found, address, lastClientSeq: roster.formerClientSeqs.get(found.device) ?? 0 });
  }
  return joined;
}

/** Roles of the named members, by user number. */
function membersNamed(names: readonly string[], roster: Roster): Map<number, Role> | Refusal {
  const byName = new Map([...roster.members].map(([user, member]) => [member.name, { user, ...member }]));
  const found = new Map<number, Role>();
  for (const name of names) {
    const member = byName.get(name);
    if (!member) return { error: 'PERMISSION_DENIED', detail: { path: '/targets' } };
    found.set(member.user, member.role);
  }
  return found.size < names.length ? malformed('/targets') : found;
}

function devicesOf(roster: Roster, isWanted: (user: number) => boolean): Roster['devices'] {
  return new Map([...roster.devices].filter(([, { user }]) => isWanted(user)));
}

function isSameSet(a: readonly string[], b: readonly string[]): boolean {
  const set = new Set(a);
  return set.size === a.length && a.length === b.length && b.every((entry) => set.has(entry));
}
