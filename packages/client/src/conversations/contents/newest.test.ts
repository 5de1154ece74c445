import { describe, expect, test } from '@jest/globals';
import { checked } from '../../content/outgoing.ts';
import type { Content } from '../../content/types.ts';
import { Failed } from '../outgoing/outcomes.ts';
import { afterRefusal, afterStored } from '../outgoing/settled.ts';
import type { Step } from '../step.ts';
import { GROUP, inGroup } from '../testing/in-group.ts';
import type { Entry } from '../timeline/entry.ts';
import { addEntry, entryOf } from '../timeline/timeline.ts';
import { deleteForEveryone, edit, react } from '../view/say.ts';
import { applyContent } from './apply.ts';

const ack = (place: number) => ({ conv_seq: place }) as Parameters<typeof afterStored>[3];
const textOf = (text: string): Entry['body'] => ({ type: 'text', format: 'plain', text, mentions: [] });
const edited = (text: string) =>
  checked('application/x-securechat-edit', { messageId: 'm_1', format: 'plain', text, mentions: [] });
const reaction = (emoji: string) => checked('application/x-securechat-reaction', { messageId: 'm_1', emoji });

/** A device with an own line, and with another device that changes it too. */
async function device() {
  const { core, within, own } = await inGroup();
  await within((step) =>
    addEntry(step, '1', { id: 'm_1', ...own, sentAtMs: 1, place: 1, body: textOf('as it was') }),
  );
  const queued: string[] = [];
  core.outbox.enqueue = ({ id }) => {
    queued.push(id);
    return [];
  };
  const item = () => ({ id: queued.shift() ?? '', conversationId: GROUP, kind: 'chat' }) as const;
  const shown = async (): Promise<Entry | undefined> => (await within((step) => entryOf(step, 'm_1')))?.entry;
  const comes = (from: string, place: number, content: Content) =>
    within((step) => {
      const by = { id: `m_${place}`, from, deviceId: 'd_2', clientSeq: place, sentAtMs: 1, place };
      return applyContent(core, step, { ...by, expiresAt: undefined, isOwn: from === own.from }, content);
    });
  return {
    ...{ core, shown, comes, own: own.from },
    stored: (place: number) => within((step) => afterStored(core, step, item(), ack(place))),
    refused: () => within((step: Step) => afterRefusal(core, step, item(), new Failed(new Error()))),
  };
}

describe('of changes by two devices of a person, that one counts which stands later', () => {
  test.each([
    ['another one comes while ours waits', ['theirs', 'ours']],
    ['ours is stored before another one comes', ['ours', 'theirs']],
  ])('%s', async (_when, order) => {
    for (const [ourPlace, theirPlace, winner] of [
      [11, 10, 'ours'],
      [10, 11, 'theirs'],
    ] as const) {
      const { core, shown, comes, stored, own } = await device();
      await edit(core, GROUP, 'm_1', 'ours');
      await react(core, GROUP, 'm_1', '👍');
      for (const which of order) {
        if (which === 'ours') {
          await stored(ourPlace);
          await stored(ourPlace + 2);
        } else {
          await comes(own, theirPlace, edited('theirs'));
          await comes(own, theirPlace + 2, reaction('🎉'));
        }
      }
      const entry = await shown();
      expect(entry?.body).toMatchObject({ text: winner });
      expect(entry?.reactions).toEqual({ [own]: winner === 'ours' ? '👍' : '🎉' });
    }
  });
});

describe('a change that the server refuses is taken back', () => {
  test('and leaves what others have changed meanwhile', async () => {
    const { core, shown, comes, refused, own } = await device();
    await edit(core, GROUP, 'm_1', 'refused');
    await react(core, GROUP, 'm_1', '👍');
    await comes('bob', 2, reaction('🎉'));
    await refused();
    await refused();
    expect(await shown()).toMatchObject({ body: { text: 'as it was' }, reactions: { bob: '🎉' } });
    expect((await shown())?.editedAtMs).toBeUndefined();
    expect((await shown())?.reactions).not.toHaveProperty(own);
  });

  test('unless it was changed again meanwhile, or deleted', async () => {
    const { core, shown, comes, refused, own } = await device();
    await edit(core, GROUP, 'm_1', 'refused');
    await comes(own, 2, edited('theirs'));
    await refused();
    expect((await shown())?.body).toMatchObject({ text: 'theirs' });
    await edit(core, GROUP, 'm_1', 'refused again');
    await comes('carol', 3, checked('application/x-securechat-delete', { messageId: 'm_1' }));
    await refused();
    expect((await shown())?.body).toEqual({ type: 'deleted' });
  });

  test('also if it was to delete', async () => {
    const { core, shown, refused } = await device();
    await deleteForEveryone(core, GROUP, 'm_1');
    expect((await shown())?.body).toEqual({ type: 'deleted' });
    await refused();
    expect((await shown())?.body).toMatchObject({ text: 'as it was' });
  });
});
