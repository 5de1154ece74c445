import { expect, test } from '@jest/globals';
import { checked } from '../../content/outgoing.ts';
import { toBytes } from '../../storage/json.ts';
import { keysOf } from '../record.ts';
import type { Step } from '../step.ts';
import { victim } from '../testing/victim.ts';
import { addEntry, entryOf } from '../timeline/timeline.ts';
import { applyReaction, isEmoji } from './reaction.ts';
import { entryOf as lineOf } from './text.ts';

const id = 'c_0123456789abcdefgh';

test.each(['👍', '❤', '❤️', '👍🏽', '🇩🇪', '3️⃣', '👩‍👩‍👧‍👦', '👨🏻‍❤️‍💋‍👨🏿', '🏴󠁧󠁢󠁥󠁮󠁧󠁿', '🏳️‍🌈', '🧑🏽‍🚀'])(
  '%s is one emoji',
  (text) => expect(isEmoji(text)).toBe(true),
);

test.each([
  '',
  ' ',
  'a',
  '3',
  'ok',
  '👍👍',
  '👍 ',
  ' 👍',
  'x👍',
  '🇩',
  '🇩🇪🇫🇷',
  '👍\n',
  '\u200d',
  '\ufe0f',
  '👍\u202e',
  '<b>',
])('%j is no emoji', (text) => expect(isEmoji(text)).toBe(false));

test('a reaction that is no emoji has no effect, whoever sends it', async () => {
  const { core } = await victim([]);
  const log = { kind: 'group', roles: { bob: 'member', carol: 'member' }, leaves: {} };
  const record = { id, log, membership: 'member', readThrough: 0, unread: 0, activeAtMs: 0 };
  await core.store.write([{ put: keysOf.record(id), value: toBytes(record) }]);
  await core.registry.load();
  const within = <T>(work: (step: Step) => Promise<T> | T) =>
    core.registry.step(id, async (step) => {
      const done = await work(step);
      await step.write();
      return done;
    });
  const by = { id: 'm_1', from: 'bob', deviceId: 'd_1', sentAtMs: 1, expiresAt: undefined };
  await within((step) =>
    addEntry(step, '1', lineOf(by, checked('text/plain', { text: 'hi', mentions: [] }))),
  );
  for (const [from, emoji] of [
    ['bob', '👍'],
    ['carol', 'verified by the server'],
    ['bob', 'no'],
  ] as const) {
    const reaction = checked('application/x-securechat-reaction', { messageId: 'm_1', emoji });
    await within((step) => applyReaction(core, step, { from, sentAtMs: 1 }, reaction));
  }
  const found = await within((step) => entryOf(step, 'm_1'));
  expect(found?.entry.reactions).toEqual({ bob: '👍' });
});
