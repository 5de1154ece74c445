import { expect, test } from '@jest/globals';
import { type Downstream, errorMessage } from '@securechat/protocol';
import { type Entry, newEntry } from './entry.ts';
import { LaneQueue } from './queue.ts';

const CONVERSATION = 'c_0123456789abcdef';

const gap = (expected: number): Downstream<'error'> => errorMessage('SEQ_GAP', { expected });

/** Chats 1 to `count`, each sealed with its number and in flight. */
function underWay(count: number): [LaneQueue, Entry[]] {
  const queue = new LaneQueue();
  const entries = Array.from({ length: count }, (_, index) => {
    const entry = newEntry(
      { id: `chat-${index + 1}`, conversationId: CONVERSATION, kind: 'chat' },
      index,
      false,
    );
    entry.sealedAs = index + 1;
    queue.add(entry);
    queue.sealed(entry, { frame: new Uint8Array([index]), clientSeq: index + 1, generation: 0, epoch: 0 });
    queue.sent(entry, 0);
    return entry;
  });
  return [queue, entries];
}

/** The effect of an acknowledgement on the queue. */
function stored(queue: LaneQueue, entry: Entry): void {
  queue.lastStored = Math.max(queue.lastStored, entry.form?.clientSeq ?? 0);
  queue.remove(entry);
}

test('a refusal that comes twice does not change what may have been stored between', () => {
  const [queue, entries] = underWay(5);
  const [first, second, third, , fifth] = entries as [Entry, Entry, Entry, Entry, Entry];
  // the first was lost, so those behind it were sent in vain
  expect(queue.mayReseal(second, gap(1))).toBe(true);
  for (const each of entries) queue.sent(each, 1);
  // the same answer again, while the second is in flight again
  queue.mayReseal(second, gap(1));
  stored(queue, first);
  // the acknowledgement of the second is lost
  stored(queue, third);
  // nor does the fourth arrive
  queue.mayReseal(fifth, gap(4));
  expect(second.mustReseal).toBe(false);
  expect(queue.next({ maySeal: true })).toEqual({ do: 'send', entry: second });
});

test('who is told a later number than his own was stored by nobody, and takes it', () => {
  const [queue, [first, second]] = underWay(2) as [LaneQueue, [Entry, Entry]];
  queue.mayReseal(first, gap(8));
  expect(first.mustReseal).toBe(true);
  expect(queue.next({ maySeal: true })).toEqual({ do: 'seal', entry: first, clientSeq: 8 });
  expect(second.mustReseal).toBe(false);
});

test('those behind one that is refused move up, each when it was told so itself', () => {
  const [queue, [first, second, third]] = underWay(3) as [LaneQueue, [Entry, Entry, Entry]];
  queue.remove(first);
  queue.mayReseal(second, gap(1));
  expect(queue.next({ maySeal: true })).toEqual({ do: 'seal', entry: second, clientSeq: 1 });
  expect(third.mustReseal).toBe(false);
  queue.mayReseal(third, gap(1));
  expect(third.mustReseal).toBe(true);
});

test('a refusal of an earlier form, or of what has been dealt with, asks for no other form', () => {
  const [queue, [first, second]] = underWay(2) as [LaneQueue, [Entry, Entry]];
  // the server is where this form is, so it refers to an earlier one
  expect(queue.mayReseal(first, errorMessage('STALE_EPOCH', { epoch: 0, generation: 0 }))).toBe(false);
  expect(first.mustReseal).toBe(false);
  queue.postponed(second);
  expect(queue.mayReseal(second, errorMessage('STALE_EPOCH', { epoch: 7, generation: 0 }))).toBe(false);
  expect(second.mustReseal).toBe(false);
  // and this is new
  expect(queue.mayReseal(first, errorMessage('STALE_EPOCH', { epoch: 7, generation: 0 }))).toBe(true);
  expect(first.mustReseal).toBe(true);
});
