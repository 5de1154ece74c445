import { expect, test } from '@jest/globals';
import { CannotDo } from '../operations/built.ts';
import { keysOf } from '../record.ts';
import { GROUP, inGroup } from '../testing/in-group.ts';
import type { Entry } from '../timeline/entry.ts';
import { positions } from '../timeline/positions.ts';
import { addEntry, entryOf } from '../timeline/timeline.ts';
import { retry } from './retry.ts';

const expiresAt = Math.floor(Date.now() / 1000) + 60;

async function failed() {
  const { core, within, own, disk } = await inGroup();
  const body: Entry['body'] = { type: 'text', format: 'plain', text: 'hi', mentions: [] };
  const line = { id: 'm_1', ...own, sentAtMs: 1, body, threadId: 'm_0', expiresAt, failure: 'CannotDo' };
  await within((step) => {
    step.change({ nextLocal: 1 });
    addEntry(step, positions.waiting(0), line);
  });
  return { core, within, disk };
}

test('what was to disappear disappears also when it is sent again', async () => {
  const { core, within } = await failed();
  const { id, expiresAtMs } = await retry(core, GROUP, 'm_1');
  expect(expiresAtMs).toBe(expiresAt * 1000);
  const intent = await within((step) => step.draft.json(keysOf.intent(GROUP, id)));
  expect(intent).toMatchObject({ say: { expiresAt } });
});

test('a line that is sent again stands once in its thread', async () => {
  const { core, disk } = await failed();
  await retry(core, GROUP, 'm_1');
  const prefix = keysOf.thread(GROUP, 'm_0', '');
  expect(disk.keys(prefix, `${prefix}~~`)).toHaveLength(1);
});

test('a line that is sent again twice at once is sent once', async () => {
  const { core, within } = await failed();
  const both = await Promise.allSettled([retry(core, GROUP, 'm_1'), retry(core, GROUP, 'm_1')]);
  expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
  expect(both.find(({ status }) => status === 'rejected')).toMatchObject({ reason: expect.any(CannotDo) });
  expect(await within((step) => entryOf(step, 'm_1'))).toBeUndefined();
});
