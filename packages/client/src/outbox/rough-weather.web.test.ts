import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { openMemoryStore } from '../storage/memory.ts';
import { CONVERSATION, type Frame } from './testing/rough-server.ts';
import { MESSAGES, Story } from './testing/story.ts';

test('whatever is lost, doubled, delayed, refused or killed: every message is stored once, in order, and no key is used twice', async () => {
  const totals = { deaths: 0, frames: 0, stories: 0 };
  await fc.assert(
    fc.asyncProperty(fc.integer(), async (seed) => {
      const story = new Story(seed);
      await story.tell();
      const { server, client, enqueued } = story;
      const stored = server.chats.map(({ id }) => id);
      expect(story.keysUsedTwice).toEqual([]);
      expect(stored).toEqual(enqueued.filter((id) => stored.includes(id)));
      const refused = await refusedOf(story);
      expect(refused.filter((id) => stored.includes(id) || !server.doomed.has(id))).toEqual([]);
      const lost = [...story.durable].filter((id) => id.startsWith('chat') && !stored.includes(id));
      expect(lost.filter((id) => !refused.includes(id))).toEqual([]);
      expect(client.outbox.waiting(CONVERSATION)).toBe(0);
      expect(keysInOrder(server.chats)).toBe(true);
      totals.deaths += story.deaths;
      totals.frames += story.frames.size;
      totals.stories++;
    }),
    { numRuns: 25 },
  );
  // the faults did happen
  expect(totals.deaths).toBeGreaterThan(totals.stories / 2);
  expect(totals.frames).toBeGreaterThan(totals.stories * MESSAGES * 0.8);
}, 120_000);

async function refusedOf({ disk, enqueued }: Story): Promise<string[]> {
  const refused = (await (await openMemoryStore(disk.copy())).list('refused/')).map(([key]) =>
    key.slice('refused/'.length),
  );
  return enqueued.filter((id) => refused.includes(id));
}

/** Receivers keep no keys for late messages: each message of an epoch must be sealed after the one before. */
function keysInOrder(chats: readonly Frame[]): boolean {
  return chats.every(({ epoch, position }, index) => {
    const before = chats[index - 1];
    return !before || epoch > before.epoch || (epoch === before.epoch && position > before.position);
  });
}
