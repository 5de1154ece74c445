import { describe, expect, test } from '@jest/globals';
import type { Message } from '@securechat/client';
import { message } from '../testing/message.ts';
import { begunText, keepText } from './draft.ts';
import { mergeMessage, prependPage } from './merge-message.ts';
import { receiptsOf } from './receipts.ts';
import { isSaid, timeline } from './timeline.ts';
import { firstUnread } from './use-first-unread.ts';

const ids = (list: readonly { id: string }[]) => list.map(({ id }) => id).join('');

describe('a message comes', () => {
  const list = [message('a', { place: 1 }), message('c', { place: 3 })];

  test('to its place, whatever the order in which they came', () => {
    expect(ids(mergeMessage(list, message('b', { place: 2 }), true))).toBe('abc');
  });

  test('behind all others while the server has not stored it, and to its place then', () => {
    const waiting = mergeMessage(list, message('b', { place: undefined, isOwn: true }), true);
    expect(ids(waiting)).toBe('acb');
    expect(ids(mergeMessage(waiting, message('b', { place: 2 }), true))).toBe('abc');
  });

  test('once, in its newer state', () => {
    const next = mergeMessage(list, message('a', { place: 1, editedAtMs: 5 }), true);
    expect(ids(next)).toBe('ac');
    expect(next[0]?.editedAtMs).toBe(5);
  });

  test('not at all when it belongs further up than what has been loaded', () => {
    expect(mergeMessage(list, message('x', { place: 0 }), true)).toBe(list);
  });

  test('at the top when nothing is further up: the history of another device has arrived', () => {
    expect(ids(mergeMessage(list, message('x', { place: 0 }), false))).toBe('xac');
  });
});

test('a page of older messages goes before what is shown, without what is shown', () => {
  const page = [message('a'), message('b')];
  expect(ids(prependPage(page, [message('b'), message('c')]))).toBe('abc');
});

describe('on the time line', () => {
  const at = (minute: number, day = 1) => new Date(2026, 4, day, 12, minute).getTime();

  test('a day begins where the calendar does, and with it a run', () => {
    const entries = timeline([message('a', { sentAtMs: at(0) }), message('b', { sentAtMs: at(0, 2) })]);
    expect(entries.map(({ beginsDay, beginsRun }) => [beginsDay, beginsRun])).toEqual([
      [true, true],
      [true, true],
    ]);
  });

  test('one person within five minutes is one run, which a notice ends', () => {
    const notice = { type: 'notice', notice: { type: 'left' } } as const;
    const entries = timeline([
      message('a', { sentAtMs: at(0) }),
      message('b', { sentAtMs: at(4) }),
      message('c', { sentAtMs: at(10) }),
      message('d', { sentAtMs: at(10), body: notice }),
      message('e', { sentAtMs: at(10), from: 'carol' }),
    ]);
    expect(entries.map(({ beginsRun, endsRun }) => `${beginsRun ? '(' : ''}${endsRun ? ')' : ''}`)).toEqual([
      '(',
      ')',
      '()',
      '()',
      '()',
    ]);
  });

  test('a file is said, and gets a bubble; a notice and what is missing are not', () => {
    const file: Message['body'] = {
      ...{ type: 'file' as const, fileId: 'f', key: '', name: 'a', mimeType: '', size: 1, sha256: '' },
      ...{ cipherSize: 1, chunkSize: 1 },
    };
    const missing = { type: 'missing', reason: 'gap', count: 1, isRepairing: false } as const;
    const notice = { type: 'notice', notice: { type: 'left' } } as const;
    const bodies = [file, missing, notice, message('a').body];
    expect(bodies.map((body) => isSaid(message('a', { body })))).toEqual([true, false, false, true]);
  });

  test('the line stands above one message, or nowhere', () => {
    const list = [message('a'), message('b')];
    expect(ids(timeline(list, 'b').flatMap((entry) => (entry.isFirstUnread ? [entry.message] : [])))).toBe(
      'b',
    );
    expect(timeline(list).some((entry) => entry.isFirstUnread)).toBe(false);
  });

  test('the first of the unread is counted back from the newest of then; notices and own messages do not count', () => {
    const notice = { type: 'notice', notice: { type: 'left' } } as const;
    const list = [
      ...[message('a'), message('b'), message('c', { isOwn: true }), message('d', { body: notice })],
      ...[message('e'), message('came later')],
    ];
    expect(firstUnread(list, 2, 'e')).toBe('b');
    expect(firstUnread(list, 1, 'e')).toBe('e');
    expect(firstUnread(list, 0, 'e')).toBeUndefined();
    expect(firstUnread(list, 4, 'e')).toBeUndefined();
  });
});

test('receipts say for each of the others how far a message has come', () => {
  const member = (userId: string, deliveredThrough: number, readThrough: number) =>
    ({ userId, role: 'member', devices: [], deliveredThrough, readThrough }) as const;
  const members = [member('me', 9, 9), member('a', 5, 5), member('b', 5, 4), member('c', 4, 0)];
  expect(receiptsOf(message('m', { from: 'me', place: 5 }), members)).toEqual({
    read: ['a'],
    delivered: ['b'],
    waiting: ['c'],
  });
  expect(receiptsOf(message('m', { from: 'me', place: undefined }), members).waiting).toEqual([
    'a',
    'b',
    'c',
  ]);
});

test('a text that was begun waits, and of many the oldest does not', () => {
  keepText('first', 'a');
  expect(begunText('first')).toBe('a');
  for (let index = 0; index < 100; index++) keepText(`key ${index}`, 'b');
  expect(begunText('first')).toBe('');
  keepText('key 1', '');
  expect(begunText('key 1')).toBe('');
});
