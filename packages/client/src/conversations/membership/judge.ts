import { MAX_COMMIT_REMOVALS } from '@securechat/protocol';
import { lookUp } from '../../look-up.ts';
import { addressOf, devicesOf, type Log, type Unjudged, userOf } from './log.ts';
import type { Operation } from './operation.ts';
import { isStepDown, mayDo } from './rights.ts';

/** A member, or a server inventing one, did something that its role forbids or that is inconsistent. */
export class Forbidden extends Error {
  override readonly name = 'Forbidden';
}

/**
 * Checks that an operation follows from the log and that its author may do it; throws `Forbidden`. The server checks the same, but is not
 * trusted here. Signature and keys are checked elsewhere.
 */
export function judge(log: Log, operation: Exclude<Operation, { type: 'group_create' }>): void {
  demand(
    operation.generation === log.generation && operation.epoch === log.epoch,
    'it begins from another epoch',
  );
  demand(operation.previous_sha256 === log.head, 'it does not follow the newest operation');
  demand(addressOf(operation.from, operation.device_id) in log.leaves, 'its author does not hold the keys');
  switch (operation.type) {
    case 'group_member_add':
      demand(log.kind === 'group', 'nobody joins a direct conversation');
      demand(log.due.length === 0, 'devices that have left come first');
      for (const user of operation.targets) {
        demand(!lookUp(log.roles, user), `${user} is a member already`);
        demand(
          operation.added_devices.some((device) => userOf(device) === user),
          `${user} comes without a device`,
        );
      }
      demand(
        operation.added_devices.every((device) => operation.targets.includes(userOf(device))),
        'it adds devices of others than it names',
      );
      break;
    case 'group_member_remove': {
      demand(log.kind === 'group', 'nobody is removed from a conversation of two');
      demand(!operation.targets.includes(operation.from), 'nobody removes itself');
      const devices = operation.targets.flatMap((user) => devicesOf(log, user));
      demand(
        isSameSet(operation.removed_devices, devices),
        'it removes other devices than those of its targets',
      );
      break;
    }
    case 'group_leave':
      // the server ignores revoked devices; here they are removed with the others
      demand(
        operation.removed_devices.every((device) => devicesOf(log, operation.from).includes(device)),
        'it takes devices of others along',
      );
      break;
    case 'group_update':
      demand(log.kind === 'group', 'a direct conversation has no name or roles');
      // bans are enforced by the server; they change nothing here
      demand(
        ((operation.role ?? operation.ban) === undefined) === (operation.targets === undefined),
        'a role without members, or members without',
      );
      break;
    case 'group_commit':
      checkCommit(log, operation);
      break;
  }
  if (!log.unvouched) judgeRole(log.kind, log.roles, roleMattersOf(operation));
}

/** The fields of an operation that judging roles needs. */
export function roleMattersOf(operation: Operation): Unjudged {
  const {
    targets = [],
    role,
    added_devices: addedDevices = [],
  } = operation as Partial<Operation<'group_update'>> & Partial<Operation<'group_commit'>>;
  return {
    ...{ type: operation.type, from: operation.from, targets, addedDevices },
    ...(role ? { role } : {}),
    isRenaming: operation.type === 'group_update' && operation.name !== undefined,
  };
}

/** Checks roles only, which is repeated when they become known late. Removals by `group_commit` need no role: anybody may remove a revoked device. */
export function judgeRole(kind: Log['kind'], roles: Log['roles'], operation: Unjudged): void {
  const { type, from, targets, role, isRenaming, addedDevices } = operation;
  const own = lookUp(roles, from);
  demand(own !== undefined, 'its author is no member');
  switch (type) {
    case 'group_member_add':
      return demand(mayDo(own, 'add'), 'its author may not add');
    case 'group_member_remove':
      for (const user of targets)
        demand(mayDo(own, 'remove', lookUp(roles, user)), `its author may not remove ${user}`);
      return;
    case 'group_update':
      if (isRenaming) demand(mayDo(own, 'name'), 'its author may not rename');
      if (role === undefined) return;
      for (const user of targets) {
        const held = lookUp(roles, user);
        demand(held !== undefined, `${user} is no member`);
        const stepsDown = user === from && isStepDown(held, role);
        demand(stepsDown || mayDo(own, 'promote', held), `its author may not make ${user} ${role}`);
      }
      return;
    case 'group_commit': {
      const isForeign = addedDevices.some((device) => userOf(device) !== from);
      return demand(
        !isForeign || kind === 'direct' || mayDo(own, 'devices of others'),
        'its author may not add devices of others',
      );
    }
    case 'group_create':
      return demand(kind === 'direct' || mayDo(own, 'restart'), 'its author may not start over');
  }
}

function checkCommit(log: Log, operation: Extract<Operation, { type: 'group_commit' }>): void {
  const { added_devices: added, removed_devices: removed } = operation;
  demand(
    added.every((device) => lookUp(log.roles, userOf(device))),
    'it adds a device of nobody who is a member',
  );
  demand(
    added.every((device) => !(device in log.leaves)),
    'it adds a device that holds the keys already',
  );
  demand(
    removed.every((device) => device in log.leaves),
    'it removes a device that does not hold the keys',
  );
  demand(!removed.includes(addressOf(operation.from, operation.device_id)), 'nobody removes itself');
  if (log.due.length === 0) return;
  demand(added.length === 0, 'devices that have left come first');
  const gone = log.due.filter((device) => removed.includes(device));
  demand(
    gone.length >= Math.min(log.due.length, MAX_COMMIT_REMOVALS),
    'it leaves devices that have left in their place',
  );
}

function demand(isSo: boolean, otherwise: string): void {
  if (!isSo) throw new Forbidden(otherwise);
}

function isSameSet(a: readonly string[], b: readonly string[]): boolean {
  const set = new Set(a);
  return set.size === a.length && a.length === b.length && b.every((entry) => set.has(entry));
}
