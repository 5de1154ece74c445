import type { Downstream, GroupOperationName, Upstream } from '@securechat/protocol';
import { operationDigest, type Standing } from '../group-operation.ts';

export type Operation = Downstream<GroupOperationName> | Upstream<GroupOperationName>;
type Role = 'owner' | 'admin' | 'member';

/** A conversation by its operation log, for a client that checks that each operation follows the one before. Counts epochs, but has no keys. */
export class GroupLog {
  readonly id: string;
  kind: 'direct' | 'group' = 'group';
  generation = 0;
  epoch = 0;
  /** SHA-256 of the newest operation's transcript. */
  head: string | undefined;
  readonly roles = new Map<string, Role>();
  /** Users who may not be added, by this log. */
  readonly banned = new Set<string>();
  /** Participating devices, by address. */
  readonly devices = new Set<string>();
  /** Devices that have left but are not yet removed by a commit. */
  readonly due = new Set<string>();
  /** Inconsistencies: the server has shown a different log, or left something out. */
  readonly breaks: string[] = [];

  constructor(id: string) {
    this.id = id;
  }

  get standing(): Standing {
    return { id: this.id, generation: this.generation, epoch: this.epoch, head: this.head };
  }

  /** The log of an added device starts here; that of a participant checks the chain. */
  apply(operation: Operation): void {
    const isFirst = this.head === undefined;
    if (!isFirst && 'previous_sha256' in operation && operation.previous_sha256 !== this.head) {
      this.breaks.push(`${operation.type} ${operation.id} does not follow ${this.head}`);
    }
    this.head = operationDigest(operation);
    switch (operation.type) {
      case 'group_create':
        return this.#create(operation);
      case 'group_member_add':
        for (const user of operation.targets) {
          if (this.banned.has(user)) this.breaks.push(`${operation.id} adds ${user}, who is banned`);
          this.roles.set(user, 'member');
        }
        return this.#commit(operation, operation.added_devices, []);
      case 'group_member_remove':
        for (const user of operation.targets) {
          this.roles.delete(user);
          if (operation.ban) this.banned.add(user);
        }
        return this.#commit(operation, [], operation.removed_devices);
      case 'group_commit':
        return this.#commit(operation, operation.added_devices, operation.removed_devices);
      case 'group_leave':
        this.roles.delete(operation.from);
        for (const address of operation.removed_devices) {
          this.devices.delete(address);
          this.due.add(address);
        }
        return;
      case 'group_update':
        for (const user of operation.targets ?? []) {
          if (operation.role) this.roles.set(user, operation.role);
          if (operation.ban) this.banned.add(user);
          else if (operation.ban === false) this.banned.delete(user);
        }
        return;
    }
  }

  #create(operation: Extract<Operation, { type: 'group_create' }>): void {
    const { kind, members, added_devices, generation, epoch } = operation;
    this.kind = kind;
    if (!operation.replaces) this.roles.clear();
    for (const member of members) if (!this.roles.has(member)) this.roles.set(member, 'member');
    if (kind === 'group' && !operation.replaces) this.roles.set(operation.from, 'owner');
    this.devices.clear();
    this.due.clear();
    for (const address of added_devices) this.devices.add(address);
    Object.assign(this, { generation, epoch });
  }

  #commit({ generation, epoch }: Operation, added: string[], removed: string[]): void {
    for (const address of removed) {
      this.devices.delete(address);
      this.due.delete(address);
    }
    for (const address of added) this.devices.add(address);
    Object.assign(this, { generation, epoch: epoch + 1 });
  }

  devicesOf(user: string): string[] {
    return [...this.devices].filter((address) => address.startsWith(`${user}:`));
  }
}

/** Devices added and removed by an operation; for a restart, compared with those before it. */
export function movedBy(operation: Operation, log: GroupLog): { added: string[]; removed: string[] } {
  const added = 'added_devices' in operation ? operation.added_devices : [];
  if (operation.type !== 'group_create')
    return { added, removed: 'removed_devices' in operation ? operation.removed_devices : [] };
  const listed = new Set(added);
  return {
    added: added.filter((address) => !log.devices.has(address)),
    removed: [...log.devices].filter((address) => !listed.has(address)),
  };
}
