import { setTimeout as wait } from 'node:timers/promises';
import type { Downstream } from '@securechat/protocol';
import { makeGroupCreate } from '../envelope.ts';
import {
  type ChangeName,
  type ChangeSource,
  makeChange,
  makeGroup,
  someMaterial,
} from '../group-operation.ts';
import type { Device, Person } from '../people.ts';
import { until } from '../until.ts';
import type { Conversation, Conversations } from './conversations.ts';
import type { GroupLog } from './group-log.ts';
import type { Lanes } from './lanes.ts';
import { SendRefused } from './outgoing.ts';

/** Delay before retrying what a server without commits refused for lack of one. */
const NO_COMMITS_PAUSE_MS = 100;

type Ack = Downstream<'ack'>;
type ChangeParts<N extends ChangeName> = Omit<ChangeSource<N>, 'from' | 'device' | 'standing'>;

/** Operations of one device on conversations. Each settles with the server's definitive answer. */
export class GroupOperations {
  readonly #who: { readonly person: Person; readonly device: Device };
  readonly #conversations: Conversations;
  readonly #lanes: Lanes;

  constructor(who: { person: Person; device: Device }, conversations: Conversations, lanes: Lanes) {
    this.#who = who;
    this.#conversations = conversations;
    this.#lanes = lanes;
  }

  /** The conversation with `peer`: a new one, or the existing one. */
  async createDirect(peer: Person): Promise<Conversation> {
    const { person: creator, device } = this.#who;
    const operation = makeGroupCreate({ creator, device, peer });
    try {
      await this.#conversations.perform(operation);
    } catch (error) {
      const winner = error instanceof SendRefused ? error.answer.conversation_id : undefined;
      if (winner === undefined) throw error;
      this.#lanes.of(winner).epoch = (error as SendRefused).answer.epoch ?? 0;
      return this.#conversations.remember({ id: winner, peer: peer.id });
    }
    return this.#conversations.remember({ id: operation.conversation_id, peer: peer.id });
  }

  /** A group of all devices of these people. */
  async createGroup(others: readonly Person[]): Promise<Conversation> {
    const { person: creator, device } = this.#who;
    const operation = makeGroup({ creator, device, others });
    await this.#conversations.perform(operation);
    const { conversation_id: id } = operation;
    return this.#conversations.remember({ id, peer: id });
  }

  addMembers(conversation: Conversation, people: readonly Person[]): Promise<Ack> {
    const devices = people.flatMap((person) => person.devices.map(({ address }) => address));
    return this.#change(conversation.id, 'group_member_add', () => ({
      targets: people.map(({ id }) => id),
      added_devices: devices,
      welcome_to: devices,
      commit: someMaterial(),
      welcome: someMaterial(),
    }));
  }

  removeMember(conversation: Conversation, user: string, ban?: boolean): Promise<Ack> {
    return this.#change(conversation.id, 'group_member_remove', (log) => ({
      targets: [user],
      removed_devices: log.devicesOf(user),
      ...(ban === undefined ? {} : { ban }),
      commit: someMaterial(),
    }));
  }

  /** Of somebody who is not a member. */
  setBan(conversation: Conversation, user: string, ban: boolean): Promise<Ack> {
    return this.#change(conversation.id, 'group_update', () => ({ targets: [user], ban }));
  }

  leave(conversation: Conversation): Promise<Ack> {
    return this.#change(conversation.id, 'group_leave', (log) => ({
      removed_devices: log.devicesOf(this.#who.person.id),
    }));
  }

  setRole(conversation: Conversation, user: string, role: 'owner' | 'admin' | 'member'): Promise<Ack> {
    return this.#change(conversation.id, 'group_update', () => ({ targets: [user], role }));
  }

  rename(conversation: Conversation, name: Uint8Array | string): Promise<Ack> {
    return this.#change(conversation.id, 'group_update', () => ({
      name: Buffer.from(name).toString('base64'),
    }));
  }

  /** Renews the keys, and optionally changes the members' devices. */
  commit(
    conversation: Pick<Conversation, 'id'>,
    changes: { added?: string[]; removed?: string[] } = {},
  ): Promise<Ack> {
    const { added = [], removed = [] } = changes;
    return this.#change(conversation.id, 'group_commit', () => ({
      added_devices: added,
      removed_devices: removed,
      welcome_to: added,
      commit: someMaterial(),
      ...(added.length > 0 ? { welcome: someMaterial() } : {}),
    }));
  }

  /** Starts over with new keys, for all devices of these people. */
  async restart(conversation: Conversation, others: readonly Person[]): Promise<Ack> {
    const { kind, standing: replaces } = this.#conversations.log(conversation.id);
    const { person: creator, device } = this.#who;
    return await this.#conversations.perform(makeGroup({ creator, device, others, kind, replaces }));
  }

  /** Makes the commit that the server demands first, unless somebody else is faster. */
  async commitFirst(id: string, answer: Downstream<'error'>): Promise<void> {
    const log = await this.#begun(id);
    const { standing } = log;
    if (answer.epoch !== standing.epoch || (answer.generation ?? 0) !== standing.generation) {
      // the news is either here already or on its way
      if (standing.epoch < (answer.epoch ?? 0)) await this.#newsOf(log, standing.head);
      return this.#lanes.of(id).keysChanged(log);
    }
    const removed_devices = answer.removed_devices ?? [];
    const parts = { added_devices: [], removed_devices, welcome_to: [], commit: someMaterial() };
    try {
      const { person: from, device } = this.#who;
      await this.#conversations.perform(makeChange('group_commit', { from, device, standing, ...parts }));
    } catch (error) {
      if (!(error instanceof SendRefused)) throw error;
      const { error_code: code } = error.answer;
      if (code === 'COMMIT_REQUIRED') return await this.commitFirst(id, error.answer);
      if (code === 'STALE_EPOCH' || code === 'STALE_LOG') await this.#newsOf(log, standing.head);
      // a server of an earlier version has no commits, and demands none
      else await wait(NO_COMMITS_PAUSE_MS);
      this.#lanes.of(id).keysChanged(log);
    }
  }

  /**
   * Builds on the newest operation this device knows, until the server accepts: after a lost race it waits for the winner and tries again
   * after it, and if a commit is demanded it makes that first.
   */
  async #change<N extends ChangeName>(
    id: string,
    type: N,
    parts: (log: GroupLog) => ChangeParts<N>,
  ): Promise<Ack> {
    const log = await this.#begun(id);
    for (;;) {
      const { standing } = log;
      const { person: from, device } = this.#who;
      const source = { from, device, standing, ...parts(log) };
      try {
        return await this.#conversations.perform(makeChange(type, source as ChangeSource<N>));
      } catch (error) {
        const code = error instanceof SendRefused ? error.answer.error_code : undefined;
        if (code === 'COMMIT_REQUIRED') await this.commitFirst(id, (error as SendRefused).answer);
        else if (code !== 'STALE_EPOCH' && code !== 'STALE_LOG') throw error;
        else await this.#newsOf(log, standing.head);
      }
    }
  }

  /** The log, once it has its first operation. */
  async #begun(id: string): Promise<GroupLog> {
    const log = this.#conversations.log(id);
    await until(`${this.#who.device.address} knows ${id}`, () => log.head !== undefined);
    return log;
  }

  /** Somebody else's operation came first, and is on its way. */
  #newsOf(log: GroupLog, head: string | undefined): Promise<unknown> {
    return until(`${this.#who.device.address} has received what came first`, () => log.head !== head);
  }
}
