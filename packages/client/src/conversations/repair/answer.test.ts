import { expect, test } from '@jest/globals';
import { checked } from '../../content/outgoing.ts';
import type { ContentType } from '../../content/types.ts';
import { toBytes } from '../../storage/json.ts';
import type { SentContent } from '../outgoing/seal-chat.ts';
import { type ConversationRecord, keysOf } from '../record.ts';
import { victim } from '../testing/victim.ts';
import { answerNow } from './answer.ts';

const id = 'c_0123456789abcdefgh';
const early = { generation: 1, epoch: 3 };
const late = { generation: 1, epoch: 4 };
const words = checked('text/plain', { text: 'what was said', mentions: [] });

/** This device's answer about a message it sealed for the keys of `early`, with these others in the conversation. */
async function answerAmong(others: ConversationRecord['since'], sent: Partial<SentContent> = {}) {
  const { core, self } = await victim([]);
  const own = `${self.own.userId}:${self.own.deviceId}`;
  const leaves = Object.fromEntries([own, 'bob:phone', ...Object.keys(others)].map((each) => [each, 'key']));
  const content: SentContent = { ...early, id: 'm_1', sentAt: 1, clientSeq: 1, content: words, ...sent };
  const since = Object.fromEntries(
    Object.entries(others).map(([address, place]) => [address === 'self' ? own : address, place]),
  );
  await core.store.write([
    { put: keysOf.record(id), value: toBytes({ id, since, log: { leaves } }) },
    { put: keysOf.sent(id, 1), value: toBytes(content) },
  ]);
  await core.registry.load();
  const ask = (clientSeq: number) => checked('application/x-securechat-repair', { clientSeq, sentAt: 0 });
  return core.registry.step(id, async (step) => (await answerNow(core, step, ask(sent.clientSeq ?? 1))).body);
}

const said = { clientSeq: 1, id: 'm_1', sentAt: 1, content: words };
const refused = { clientSeq: 1, sentAt: 0, isRefused: true };

test.each<[string, ConversationRecord['since']]>([
  ['nobody came later', { 'carol:phone': early }],
  ['somebody brought in another device later', { 'bob:tablet': late }],
])('what was said is said once more when %s', async (_what, others) => {
  expect(await answerAmong(others)).toEqual(said);
});

test.each<[string, ConversationRecord['since']]>([
  ['somebody came later', { 'carol:phone': late }],
  ['somebody came back with another device', { 'carol:phone': late, 'carol:tablet': { ...late, epoch: 9 } }],
  ['the keys began anew with somebody', { 'carol:phone': { generation: 2, epoch: 0 } }],
  ['this device was away since', { self: late }],
])('nothing is said once more, and that is said, when %s', async (_what, others) => {
  expect(await answerAmong(others)).toEqual(refused);
});

test('what is not known any more stays missing', async () => {
  expect(await answerAmong({}, { clientSeq: 2 })).toEqual({ ...refused, clientSeq: 2 });
});

test.each<[ContentType, object]>([
  ['application/x-securechat-repair', { clientSeq: 7, sentAt: 0 }],
  ['application/x-securechat-dummy', {}],
])('of a %s nothing is missed', async (type, body) => {
  const { isRefused } = await answerAmong({}, { content: checked(type, body as never) });
  expect(isRefused).toBeUndefined();
});
