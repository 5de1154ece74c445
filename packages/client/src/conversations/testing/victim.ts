import {
  createMlsEngine,
  type GroupState,
  type OwnDevice,
  sealEnvelope,
  signOperation,
} from '@securechat/crypto/e2ee';
import { encodeBase64, type SignedDeviceList } from '@securechat/protocol';
import { ownDeviceIn } from '../../account/account.ts';
import type { Alarm } from '../../api/index.ts';
import { ServerRefused } from '../../errors.ts';
import { firstDeviceList } from '../../identity/device-list.ts';
import { createAccountKey, createDeviceKey } from '../../identity/keys.ts';
import type { MailboxItem } from '../../inbox/consumer.ts';
import { toBytes } from '../../storage/json.ts';
import { MemoryDisk, openMemoryStore } from '../../storage/memory.ts';
import type { Core } from '../core.ts';
import { Mailbox } from '../incoming/mailbox.ts';
import { groupIdOf } from '../operations/group-id.ts';
import { authenticateBy } from '../people.ts';
import { Registry } from '../registry.ts';

const nowSeconds = Math.floor(Date.now() / 1000);

/** A user with their own keys; the server may or may not know them. */
export type Person = { readonly own: OwnDevice; readonly list: SignedDeviceList };

export async function person(userId: string): Promise<Person> {
  const device = await createDeviceKey('d_1');
  const list = await firstDeviceList({ userId, key: await createAccountKey() }, device, nowSeconds);
  return { own: ownDeviceIn(list, device), list };
}

const names = new Map<string, OwnDevice>();
/** Of groups created here, by the id of the creating operation. */
const states = new Map<string, GroupState>();
/** Makes keys as an attacker can: for any identity and group. */
const anybody = await createMlsEngine({
  authenticate: async ({ identity }) => {
    const device = names.get(encodeBase64(identity));
    return device && { userId: device.userId, deviceId: device.deviceId };
  },
});

export async function packageOf({ own }: Person) {
  names.set(encodeBase64(own.identity), own);
  return anybody.keyPackage(own, { nowSeconds });
}

/** A group that `by` creates with others, by its first operation or by one adding to a log nobody has seen. */
export async function welcome(
  by: Person,
  to: readonly { person: Person; keyPackage: Uint8Array }[],
  fields: { type: 'group_create' | 'group_member_add'; id: string; conversationId: string; place?: number },
): Promise<MailboxItem> {
  names.set(encodeBase64(by.own.identity), by.own);
  const { type, id, conversationId, place = 1 } = fields;
  const groupId = groupIdOf({ kind: 'group', purpose: 'people', conversationId, generation: 0 });
  const add = to.map(({ keyPackage }) => keyPackage);
  const isFirst = type === 'group_create';
  const made = await anybody.create(by.own, groupId, { add: isFirst ? add : [], nowSeconds });
  const added = isFirst
    ? made
    : await anybody.commit(made.state, by.own, { add, remove: [], nowSeconds }, new Uint8Array());
  states.set(id, 'state' in added ? added.state : added.next);
  const addressOf = ({ own }: Person) => `${own.userId}:${own.deviceId}`;
  const others = to.map((each) => addressOf(each.person));
  const users = to.map((each) => each.person.own.userId);
  const operation = {
    ...{ id, type, conversation_id: conversationId, generation: 0, epoch: 0, timestamp: nowSeconds },
    ...{ from: by.own.userId, device_id: by.own.deviceId, nonce: encodeBase64(new Uint8Array(16)) },
    ...{ welcome_to: others, welcome: encodeBase64(added.welcome ?? new Uint8Array(1)) },
    ...(isFirst
      ? { kind: 'group', members: [by.own.userId, ...users], added_devices: [addressOf(by), ...others] }
      : { targets: users, added_devices: others, previous_sha256: encodeBase64(new Uint8Array(32)) }),
  };
  const signature = await signOperation(by.own, operation as never);
  const delivery = { seq: place, conv_seq: place, server_ts_ms: Date.now() };
  return { ...operation, signature, delivery } as unknown as MailboxItem;
}

/** A message, with any plaintext, by the creator of a group. */
export async function message(
  by: Person,
  group: { id: string; conversationId: string },
  fields: { id: string; clientSeq: number; place: number; lasting: number },
): Promise<MailboxItem> {
  const { id, clientSeq: client_seq, place, lasting } = fields;
  const { userId: from, deviceId: device_id } = by.own;
  const content = { type: 'text/plain', body: { text: id, mentions: [] } };
  const plain = new TextEncoder().encode(JSON.stringify({ id, from, content, logHead: '', lasting }));
  const state = states.get(group.id);
  if (!state) throw new Error('this group was not made here');
  const { conversationId: conversation_id } = group;
  const { envelope, next } = await sealEnvelope(
    anybody,
    state,
    by.own,
    {
      ...{ id, type: 'chat', from, to: conversation_id, device_id, conversation_id, epoch: 0, client_seq },
      ...{ timestamp: nowSeconds, encrypted: true, nonce: encodeBase64(new Uint8Array(16)) },
    },
    Uint8Array.of(0, ...plain),
  );
  states.set(group.id, next);
  return { ...envelope, delivery: { seq: place, conv_seq: place, server_ts_ms: Date.now() } } as MailboxItem;
}

/** A device that takes in what a test gives it, with a real store and engine; the server knows only `known`. */
export async function victim(known: readonly Person[]) {
  const self = await person('victim');
  const disk = new MemoryDisk();
  const store = await openMemoryStore(disk);
  const alarms: Alarm[] = [];
  const registry = new Registry(store, () => undefined);
  const lists = new Map([self, ...known].map(({ list }) => [list.user_id, list]));
  const people: Core['people'] = {
    list: async (userId) => {
      const list = lists.get(userId);
      if (!list)
        throw new ServerRefused({
          type: 'error',
          code: 1005,
          error_code: 'NOT_FOUND',
          error_message: 'nobody',
        });
      return list;
    },
    isChanged: () => false,
    accountKey: (userId) => {
      const list = lists.get(userId);
      return list && Uint8Array.from(atob(list.account_key), (character) => character.charCodeAt(0));
    },
  };
  const told = {
    message() {},
    vanished() {},
    thread() {},
    receipt() {},
    profile() {},
    devices() {},
    own() {},
    lettingIn() {},
    async settled() {},
    count() {},
  };
  const core = {
    ...{ own: self.own, store, registry, people, blocked: new Set<string>(), now: () => Date.now() },
    engine: await createMlsEngine({ authenticate: authenticateBy(people) }),
    outbox: { enqueue: () => [], wake() {} } as unknown as Core['outbox'],
    tell: { ...told, alarm: (alarm) => alarms.push(alarm) },
    settings: { maxDelayMs: 0 } as Core['settings'],
    connection: undefined as never,
  } satisfies Core;
  const mailbox = new Mailbox(core, { onCaughtUp() {}, background() {} });
  return {
    ...{ self, core, alarms, disk },
    take: async (item: MailboxItem) => {
      await mailbox.take(item, (changes) => store.write(changes));
      mailbox.close();
    },
    /** A key package that the device will recognise. */
    invited: async (options: { isLastResort?: boolean } = {}) => {
      const { isLastResort = false } = options;
      names.set(encodeBase64(self.own.identity), self.own);
      const made = await anybody.keyPackage(self.own, { nowSeconds, lastResort: isLastResort });
      const kept = {
        ...{ bytes: encodeBase64(made.bytes), privateBytes: encodeBase64(made.privateBytes) },
        ...{ isLastResort, madeAtMs: Date.now() },
      };
      await store.write([{ put: `key-package/${made.reference}`, value: toBytes(kept) }]);
      return { person: self, keyPackage: made.bytes };
    },
  };
}
