import { expect, test } from '@jest/globals';
import type { Conversation } from '@securechat/client';
import type { News } from '@securechat/client/push';
import { message } from '../testing/message.ts';
import { notesOf } from './notes.ts';

const client = {
  me: { userId: 'alice', deviceId: 'd' },
  profile: (userId: string) => (userId === 'bob' ? { displayName: 'Bob' } : {}),
};

function news(conversation: Partial<Conversation>, text: string, count = 1): News {
  const body = { type: 'text', text, format: 'plain', mentions: [] } as const;
  return {
    conversation: { id: 'c', ...conversation } as Conversation,
    message: message('m', { body }),
    count,
  };
}

test('a notification says who, where and what', () => {
  expect(
    notesOf(client, [
      news({ kind: 'direct', peer: 'bob' }, 'At\nnoon'),
      news({ id: 'g/1', kind: 'group', name: 'Hikers' }, 'Rain', 3),
    ]),
  ).toEqual([
    { title: 'Bob', body: 'At noon', tag: 'conversation:c', hash: '#/c/c' },
    { title: 'Hikers (3 new messages)', body: 'Bob: Rain', tag: 'conversation:g/1', hash: '#/c/g%2F1' },
  ]);
});

test('of a stranger neither name nor words are shown, and of what is muted or blocked nothing', () => {
  const [note, ...others] = notesOf(client, [
    news({ kind: 'direct', peer: 'bob', isRequest: true }, 'Buy this'),
    news({ kind: 'direct', peer: 'bob', isMuted: true }, 'Quiet'),
    news({ kind: 'direct', peer: 'bob', isBlocked: true }, 'Gone'),
  ]);
  expect(others).toEqual([]);
  expect(JSON.stringify(note)).not.toMatch(/Bob|Buy/);
});

test('what is long is cut between letters', () => {
  const [note] = notesOf(client, [news({ kind: 'direct', peer: 'bob' }, '🦉'.repeat(500))]);
  expect([...(note?.body ?? '')]).toHaveLength(240);
  expect(note?.body).toMatch(/^🦉+…$/u);
});
