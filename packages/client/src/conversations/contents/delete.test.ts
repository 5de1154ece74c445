import { expect, test } from '@jest/globals';
import { checked } from '../../content/outgoing.ts';
import { toBytes } from '../../storage/json.ts';
import { keysOf } from '../record.ts';
import { noteMissing } from '../repair/missing.ts';
import { takeRepair } from '../repair/take.ts';
import type { Step } from '../step.ts';
import { victim } from '../testing/victim.ts';
import { removeExpired } from '../timeline/expiry.ts';
import { addEntry } from '../timeline/timeline.ts';
import { applyDelete } from './delete.ts';
import { entryOf } from './text.ts';

const id = 'c_0123456789abcdefgh';
const words = 'a secret word';
const text = checked('text/plain', { text: words, mentions: [] });
const edited = { messageId: 'm_1', format: 'plain' as const, text: words, mentions: [] };
const edit = checked('application/x-securechat-edit', edited);
const deletion = checked('application/x-securechat-delete', { messageId: 'm_1' });

/** A device in a group, and the store keys under which message text is kept. */
async function device() {
  const { core, self, disk } = await victim([]);
  const log = { kind: 'group', roles: { bob: 'member', carol: 'member', dan: 'admin' }, leaves: {} };
  const record = { id, log, membership: 'member', readThrough: 0, unread: 0, activeAtMs: 0 };
  await core.store.write([{ put: keysOf.record(id), value: toBytes(record) }]);
  await core.registry.load();
  const within = (work: (step: Step) => Promise<void> | void) =>
    core.registry.step(id, async (step) => {
      await work(step);
      await step.write();
    });
  const copies = () => disk.keys('', '~').filter((key) => Buffer.from(disk.get(key) ?? []).includes(words));
  return { core, own: self.own, within, copies };
}

/** A device that has sent a line, with what it keeps for repairs of that line and of an edit. */
async function author(line: { deviceId?: string; expiresAt?: number } = {}) {
  const all = await device();
  const { core, own, within, copies } = all;
  const sent = { sentAt: 1, generation: 0, epoch: 0 };
  const by = { id: 'm_1', from: own.userId, deviceId: own.deviceId, sentAtMs: 1, expiresAt: undefined };
  await core.store.write([
    { put: keysOf.sent(id, 1), value: toBytes({ ...sent, id: 'm_1', clientSeq: 1, content: text }) },
    { put: keysOf.sent(id, 2), value: toBytes({ ...sent, id: 'm_2', clientSeq: 2, content: edit }) },
  ]);
  await within((step) => addEntry(step, '1', entryOf({ ...by, ...line }, { ...text, ...line })));
  expect(copies()).toHaveLength(3);
  return all;
}

test.each<[string, { deviceId?: string }]>([
  ['this device', {}],
  ['another own device', { deviceId: 'd_2' }],
])('what %s has said and somebody deletes leaves no copy on the disk', async (_who, line) => {
  const { core, own, within, copies } = await author(line);
  await within((step) => applyDelete(core, step, { from: own.userId, sentAtMs: 1, place: 2 }, deletion));
  expect(copies()).toEqual([]);
});

test('what has expired leaves no copy on the disk', async () => {
  const { core, copies } = await author({ expiresAt: 1 });
  expect(await removeExpired(core)).toBe(1);
  expect(copies()).toEqual([]);
});

test.each([
  ['its author', 'bob', 0],
  ['an admin', 'dan', 0],
  ['another member', 'carol', 1],
])(
  'of what fell into a hole and was deleted by %s a repair brings back what it may',
  async (_who, from, left) => {
    const { core, within, copies } = await device();
    const chat = {
      ...{ type: 'chat', id: 'm_2', from: 'bob', device_id: 'd_1', conversation_id: id, timestamp: 1 },
      ...{ client_seq: 2, delivery: { seq: 2, conv_seq: 2, server_ts_ms: 1 } },
    };
    await within((step) => noteMissing(core, step, chat as never, 1, 1));
    await within((step) => applyDelete(core, step, { from, sentAtMs: 1, place: 2 }, deletion));
    const by = { id: 'm_3', from: 'bob', deviceId: 'd_1', clientSeq: 3, sentAtMs: 1, place: 3, isOwn: false };
    const body = { clientSeq: 1, id: 'm_1', sentAt: 1, content: text };
    const repair = checked('application/x-securechat-repair', body);
    await within((step) => takeRepair(core, step, { ...by, expiresAt: undefined }, repair));
    expect(copies()).toHaveLength(left);
  },
);
