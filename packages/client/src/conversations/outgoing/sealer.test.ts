import { expect, test } from '@jest/globals';
import { fromBytes } from '../../storage/json.ts';
import type { Core } from '../core.ts';
import { keysOf } from '../record.ts';
import { person, victim, welcome } from '../testing/victim.ts';
import { enqueueIntent, type Waiting } from './enqueue.ts';
import { Outcomes } from './outcomes.ts';
import { commitNeeded } from './rotation.ts';
import { Sealer } from './sealer.ts';

const conversationId = 'c_0123456789abcdefgh';
const week = 7 * 24 * 3_600_000;

/** A device in a group made by a friend, with its own keys. */
async function member() {
  const friend = await person('friend');
  const { core: bare, self, take, invited } = await victim([friend]);
  const core: Core = {
    ...bare,
    settings: { ...bare.settings, rotateAfterMessages: 1_000, rotateAfterMs: week },
  };
  await take(
    await welcome(friend, [await invited()], { type: 'group_create', id: 'm_first', conversationId }),
  );
  const record = () => core.registry.get(conversationId)!;
  const step = <T>(run: Parameters<typeof core.registry.step<T>>[1]) =>
    core.registry.step(conversationId, run);
  return { core, self, record, step };
}

test('an own commit takes effect when the server has taken it, and not before', async () => {
  const { core, record, step } = await member();
  const id = await step(async (each) => {
    const made = enqueueIntent(core, each, { type: 'group_commit', why: 'joined' });
    await each.write();
    return made;
  });
  const sealer = new Sealer(core, new Outcomes(() => undefined));
  const item = { id, conversationId, kind: 'operation' } as const;
  const options = { clientSeq: 0, signal: new AbortController().signal };
  const before = record();
  expect(await sealer.seal(item, options, (changes) => core.store.write(changes))).toBe('sealed');
  expect(record().log).toEqual(before.log);
  const ack = { type: 'ack', ref: id, conv_seq: 2, server_ts_ms: Date.now() };
  await sealer.stored(item, ack as never, (changes) => core.store.write(changes));
  expect(record().log.epoch).toBe(1);
  expect(record().log.head).not.toBe(before.log.head);
  expect(record().pending).toBeUndefined();
});

test('before anything is sealed, who has left is taken out of the keys', async () => {
  const { core, record, step } = await member();
  const due = 'friend:d_1';
  const isNeeded = await step(async (each) => {
    each.change({ isLeafFresh: true, log: { ...each.record.log, due: [due] } });
    const needed = await commitNeeded(core, each, undefined);
    await each.write();
    return needed;
  });
  expect(isNeeded).toBe(true);
  const intent = await core.store.get(keysOf.intent(conversationId, record().dueCommit ?? ''));
  expect(intent && fromBytes<Waiting>(intent)).toMatchObject({
    act: { type: 'group_commit', why: 'due', devices: [due] },
  });
});

test('key packages of what waits are asked for again after a while, and not each time', async () => {
  const { core: bare, step } = await member();
  const asked: string[] = [];
  let laterMs = 0;
  const request = async (name: string) => {
    asked.push(name);
    return { bundles: [] };
  };
  const core: Core = {
    ...bare,
    connection: { request } as unknown as Core['connection'],
    now: () => Date.now() + laterMs,
  };
  const id = await step(async (each) => {
    const add = { type: 'group_commit', why: 'devices', add: ['friend:d_2'], remove: [] } as const;
    const made = enqueueIntent(core, each, add);
    await each.write();
    return made;
  });
  const sealer = new Sealer(core, new Outcomes(() => undefined));
  const isFurther = {
    type: 'error',
    code: 1003,
    error_code: 'STALE_EPOCH',
    error_message: '',
    epoch: 9,
  } as const;
  const options = { clientSeq: 0, signal: new AbortController().signal, because: isFurther };
  const seal = () =>
    sealer.seal({ id, conversationId, kind: 'operation' }, options, (changes) => core.store.write(changes));
  for (const atMs of [0, 0, 60_000, 11 * 60_000, 12 * 60_000]) {
    laterMs = atMs;
    expect(await seal()).toBe('wait');
  }
  expect(asked).toEqual(['key_bundle_request', 'key_bundle_request']);
});

test('what touches the keys stands behind the commit that takes revoked devices out, and whoever waits for it waits on', async () => {
  const { core, step } = await member();
  const intent = { type: 'group_update', name: 'new' } as const;
  const id = await step(async (each) => {
    const made = enqueueIntent(core, each, intent as never);
    await each.write();
    return made;
  });
  const outcomes = new Outcomes(() => undefined);
  const outcome = outcomes.of(id);
  const sealer = new Sealer(core, outcomes);
  const because = {
    ...{ type: 'error', code: 1003, error_code: 'COMMIT_REQUIRED', error_message: '' },
    ...{ generation: 0, epoch: 0, removed_devices: ['friend:d_1'] },
  } as const;
  const options = { clientSeq: 0, signal: new AbortController().signal, because };
  const item = { id, conversationId, kind: 'operation' } as const;
  expect(await sealer.seal(item, options as never, (changes) => core.store.write(changes))).toBe('sealed');
  const intents = new Map(await core.store.list(`intent/${conversationId}/`));
  const readAct = (key: string) => fromBytes<Waiting & { act: object }>(intents.get(key)!).act;
  expect(readAct(keysOf.intent(conversationId, id))).toMatchObject({ why: 'due', devices: ['friend:d_1'] });
  const [again] = [...intents.keys()].filter((key) => key !== keysOf.intent(conversationId, id));
  expect(readAct(again!)).toEqual(intent);
  outcomes.settle(again!.split('/').at(-1)!, undefined);
  await outcome;
});
