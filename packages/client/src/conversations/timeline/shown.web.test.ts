import { expect, test } from '@jest/globals';
import type { ConversationRecord } from '../record.ts';
import type { Entry } from './entry.ts';
import { messageOf } from './shown.ts';

test('reactions are grouped by their text, also by one that every object has a member of', () => {
  const entry: Entry = {
    ...{ id: 'm', from: 'alice', deviceId: 'd', sentAtMs: 1, place: 1 },
    body: { type: 'deleted' },
    reactions: { alice: 'constructor', bob: '__proto__', carol: 'constructor' },
  };
  const { reactions } = messageOf({ id: 'c' } as ConversationRecord, entry, 'alice', false);
  expect(Object.entries(reactions)).toEqual([
    ['constructor', ['alice', 'carol']],
    ['__proto__', ['bob']],
  ]);
});
