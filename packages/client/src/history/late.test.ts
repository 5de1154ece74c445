import { expect, test } from '@jest/globals';
import { checked } from '../content/outgoing.ts';
import type { Content } from '../content/types.ts';
import { applyContent } from '../conversations/contents/apply.ts';
import { AWAITED } from '../conversations/contents/newest.ts';
import { profileKey } from '../conversations/contents/profile.ts';
import { inGroup } from '../conversations/testing/in-group.ts';
import type { Entry } from '../conversations/timeline/entry.ts';
import { addEntry, entryOf } from '../conversations/timeline/timeline.ts';
import { toBytes } from '../storage/json.ts';
import { exportAll } from './export.ts';
import { importAll } from './import.ts';
import { takePiece, transferOf } from './transfer.ts';

const text = (words: string): Entry['body'] => ({
  type: 'text',
  format: 'plain',
  text: words,
  mentions: [],
});
const edit = (messageId: string, words: string) =>
  checked('application/x-securechat-edit', { messageId, format: 'plain', text: words, mentions: [] });
const react = (messageId: string, emoji: string) =>
  checked('application/x-securechat-reaction', { messageId, emoji });
const remove = (messageId: string) => checked('application/x-securechat-delete', { messageId });
const LINES = ['m_edited', 'm_deleted', 'm_deleted_by_admin', 'm_not_deleted', 'm_reacted'];

type Device = Awaited<ReturnType<typeof inGroup>>;

/** A device with lines of Bob that a linked one does not have yet. */
async function older(): Promise<Device> {
  const device = await inGroup();
  for (const [index, id] of LINES.entries())
    await device.within((step) => {
      const line = {
        id,
        from: 'bob',
        deviceId: 'd_1',
        sentAtMs: 1,
        place: index + 1,
        body: text('as it was'),
      };
      addEntry(step, String(index + 1).padStart(16, '0'), line);
    });
  return device;
}

async function linked(): Promise<Device> {
  const device = await inGroup();
  await device.core.store.write([{ put: AWAITED, value: toBytes(Date.now()) }]);
  return device;
}

function comes({ core, within }: Device, from: string, place: number, content: Content): Promise<void> {
  const by = { id: `m_${place}`, from, deviceId: 'd_1', clientSeq: place, sentAtMs: place, place };
  return within((step) => applyContent(core, step, { ...by, expiresAt: undefined, isOwn: false }, content));
}

const lineOn = async ({ within }: Device, id: string) => (await within((step) => entryOf(step, id)))?.entry;

async function transfer(from: Device, to: Device): Promise<void> {
  for (const piece of await transferOf(from.core)) await takePiece(to.core, piece);
}

test('what was changed or deleted while the history was on its way is so for the linked device too', async () => {
  const [phone, tablet] = [await older(), await linked()];
  const pieces = await transferOf(phone.core);
  await comes(tablet, 'bob', 11, edit('m_edited', 'earlier'));
  await comes(tablet, 'bob', 12, edit('m_edited', 'edited'));
  await comes(tablet, 'bob', 13, remove('m_deleted'));
  await comes(tablet, 'carol', 14, remove('m_deleted_by_admin'));
  await comes(tablet, 'dan', 15, remove('m_not_deleted'));
  await comes(tablet, 'dan', 16, react('m_reacted', '👍'));
  for (const piece of pieces) await takePiece(tablet.core, piece);
  expect(await lineOn(tablet, 'm_edited')).toMatchObject({ body: { text: 'edited' }, editedAtMs: 12 });
  expect((await lineOn(tablet, 'm_deleted'))?.body).toEqual({ type: 'deleted' });
  expect((await lineOn(tablet, 'm_deleted_by_admin'))?.body).toEqual({ type: 'deleted' });
  expect((await lineOn(tablet, 'm_not_deleted'))?.body).toMatchObject({ text: 'as it was' });
  expect((await lineOn(tablet, 'm_reacted'))?.reactions).toEqual({ dan: '👍' });
});

test('nobody deletes a notice, also not while it is on its way', async () => {
  const [phone, tablet] = [await inGroup(), await linked()];
  const body = { type: 'notice', notice: { type: 'left' } } as const;
  await phone.within((step) =>
    addEntry(step, '1'.padStart(16, '0'), {
      ...{ id: 'm_notice', from: 'bob', deviceId: 'd_1', sentAtMs: 1, place: 1, body },
    }),
  );
  for (const device of [phone, tablet]) await comes(device, 'carol', 11, remove('m_notice'));
  await transfer(phone, tablet);
  for (const device of [phone, tablet]) expect((await lineOn(device, 'm_notice'))?.body).toEqual(body);
});

test('a history that is newer than what was heard meanwhile is not set back', async () => {
  const [phone, tablet] = [await older(), await linked()];
  await comes(tablet, 'bob', 11, edit('m_edited', 'first'));
  await comes(phone, 'bob', 11, edit('m_edited', 'first'));
  await comes(phone, 'bob', 12, edit('m_edited', 'second'));
  await transfer(phone, tablet);
  expect((await lineOn(tablet, 'm_edited'))?.body).toMatchObject({ text: 'second' });
});

test('of changes of what is not here nothing is kept once the history is, nor by a device that awaits none', async () => {
  const [phone, tablet, other] = [await older(), await linked(), await inGroup()];
  for (const device of [tablet, other]) {
    await comes(device, 'bob', 11, edit('m_edited', 'known'));
    await comes(device, 'bob', 12, edit('m_unknown', 'of a line that never comes'));
  }
  const kept = ({ disk }: Device) => disk.keys('absent/', 'absent/~');
  expect([kept(tablet).length, kept(other).length]).toEqual([2, 0]);
  await transfer(phone, tablet);
  expect(kept(tablet)).toEqual([]);
  await comes(tablet, 'bob', 13, edit('m_unknown', 'again'));
  expect(kept(tablet)).toEqual([]);
});

test('of changes of what is not here only the newest are kept, however many come', async () => {
  const tablet = await linked();
  for (let place = 1; place <= 300; place++) await comes(tablet, 'bob', place, react(`m_${place % 7}`, '👍'));
  const kept = tablet.disk.keys('absent/', 'absent/~').map((key) => Number(key.split('/').at(-1)));
  expect(kept.length).toBe(256);
  expect(Math.min(...kept)).toBe(45);
});

test('what people say of themselves comes along, and does not replace what is known', async () => {
  const [phone, tablet] = [await older(), await linked()];
  const say = (device: Device, userId: string, displayName: string) =>
    device.core.store.write([{ put: profileKey(userId), value: toBytes({ displayName }) }]);
  await say(phone, 'bob', 'Bob of yesterday');
  await say(phone, 'victim', 'Myself');
  await say(tablet, 'bob', 'Bob');
  await transfer(phone, tablet);
  const nameOf = async (userId: string) =>
    JSON.parse(new TextDecoder().decode(tablet.disk.get(profileKey(userId)))).displayName;
  expect([await nameOf('bob'), await nameOf('victim')]).toEqual(['Bob', 'Myself']);
});

test('a history of an earlier version, without what people say of themselves, is read', async () => {
  const { profiles: _, ...earlier } = JSON.parse(
    new TextDecoder().decode(await exportAll((await older()).core)),
  );
  expect(await importAll((await linked()).core, toBytes(earlier))).toBe(LINES.length);
});

test('of what a person says of themselves on two devices that counts which was said last, whichever comes last', async () => {
  const device = await inGroup();
  const say = (place: number, displayName: string, at?: number) =>
    comes(
      device,
      'bob',
      place,
      checked('application/x-securechat-profile', { displayName, ...(at && { at }) }),
    );
  const name = () =>
    JSON.parse(new TextDecoder().decode(device.disk.get(profileKey('bob')))).displayName as string;
  await say(1, 'later', 2_000);
  await say(2, 'earlier', 1_000);
  expect(name()).toBe('later');
  await say(3, 'by an earlier version');
  expect(name()).toBe('by an earlier version');
});
