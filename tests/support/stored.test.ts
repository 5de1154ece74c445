import { expect, test } from '@jest/globals';
import type { HistoryEvent } from '@securechat/testkit';
import { markViolations } from './stored.ts';

const receipt = (delivered_through: number, read_through: number): HistoryEvent => ({
  ...{ type: 'receipt', device: 'a:1', conversation_id: 'c', user_id: 'ben' },
  ...{ delivered_through, read_through },
});

test('a mark that was told has to be stored, each by itself, whichever receipt came last', () => {
  const events = [receipt(5, 1), receipt(4, 3)];
  const stored = { conversation: 'c', user: 'ben', delivered: 5, read: 3 };
  expect(markViolations([stored], events)).toEqual([]);
  expect(markViolations([{ ...stored, read: 2 }], events)).toEqual([
    'I7: of c ben marks of 5/3 were told and 5/2 are stored',
  ]);
  expect(markViolations([], events)).toEqual(['I7: of c ben marks of 5/3 were told and nothing is stored']);
});
