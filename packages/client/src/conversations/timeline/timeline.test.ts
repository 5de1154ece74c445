import { expect, test } from '@jest/globals';
import { checked } from '../../content/outgoing.ts';
import { applyContent } from '../contents/apply.ts';
import { GROUP, inGroup } from '../testing/in-group.ts';
import type { Entry } from './entry.ts';
import { removeExpired } from './expiry.ts';
import { positions } from './positions.ts';
import { addEntry, moveEntry } from './timeline.ts';

const body: Entry['body'] = { type: 'text', format: 'plain', text: 'hi', mentions: [] };

test('an own line that is stored before another one, and told of after it, is not the newest', async () => {
  const { core, within, own } = await inGroup();
  const line = { id: 'm_own', ...own, sentAtMs: 1, body };
  await within((step) => addEntry(step, positions.waiting(0), line));
  await within((step) => addEntry(step, positions.placed(12), { ...line, id: 'm_other', place: 12 }));
  await within((step) =>
    moveEntry(core, step, positions.waiting(0), positions.placed(11), { ...line, place: 11 }),
  );
  expect(core.registry.get(GROUP)?.lastPosition).toBe(positions.placed(12));
});

test('an own line in a thread is not the newest outside of it, once it is stored', async () => {
  const { core, within, own } = await inGroup();
  const line = { id: 'm_own', ...own, sentAtMs: 1, body, threadId: 'm_root' };
  await within((step) => addEntry(step, positions.placed(1), { ...line, id: 'm_root', place: 1 }));
  const { threadId: _, ...root } = line;
  await within((step) => addEntry(step, positions.placed(2), { ...root, id: 'm_2', place: 2 }));
  await within((step) => addEntry(step, positions.waiting(0), line));
  await within((step) =>
    moveEntry(core, step, positions.waiting(0), positions.placed(3), { ...line, place: 3 }),
  );
  expect(core.registry.get(GROUP)?.lastPosition).toBe(positions.placed(2));
});

test('what is deleted before it is read is unread no more, and does not count twice when it expires', async () => {
  const { core, within } = await inGroup();
  const expiresAt = Math.floor(Date.now() / 1000) + 60;
  const text = { ...checked('text/plain', { text: 'hi', mentions: [] }), expiresAt };
  const by = { from: 'bob', deviceId: 'd_1', sentAtMs: 1, expiresAt, isOwn: false };
  const unread = () => core.registry.get(GROUP)?.unread;
  for (const place of [1, 2])
    await within((step) =>
      applyContent(core, step, { ...by, id: `m_${place}`, clientSeq: place, place }, text),
    );
  expect(unread()).toBe(2);
  const deletion = checked('application/x-securechat-delete', { messageId: 'm_1' });
  await within((step) => applyContent(core, step, { ...by, id: 'm_3', clientSeq: 3, place: 3 }, deletion));
  expect(unread()).toBe(1);
  expect(await removeExpired({ ...core, now: () => (expiresAt + 1) * 1000 })).toBe(2);
  expect(unread()).toBe(0);
});
