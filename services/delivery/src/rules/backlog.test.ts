import { expect, test } from '@jest/globals';
import { type Share, worstOf } from './backlog.ts';

const cap = { maxWaitingMessages: 100, maxWaitingBytes: 1000 };
const share = (conversation: number, messages: number, bytes: number): Share => ({
  ...{ conversation, messages, bytes },
  isAnswered: true,
});
const unanswered = (conversation: number, messages: number, bytes: number): Share => ({
  ...share(conversation, messages, bytes),
  isAnswered: false,
});

test('a mailbox that holds exactly what it may is left alone', () => {
  expect(worstOf([], cap)).toBeUndefined();
  expect(worstOf([share(1, 60, 400), share(2, 40, 600)], cap)).toBeUndefined();
  expect(worstOf([share(1, 60, 400), unanswered(2, 40, 600)], cap)).toBeUndefined();
});

test('of one that holds more, the conversation with most messages or bytes is the worst, whichever weighs more', () => {
  for (const made of [share, unanswered]) {
    expect(worstOf([made(1, 60, 10), made(2, 41, 20)], cap)?.conversation).toBe(1);
    expect(worstOf([made(1, 60, 10), made(2, 1, 991)], cap)?.conversation).toBe(2);
    expect(worstOf([made(1, 1, 300), made(2, 80, 100), made(3, 20, 700)], cap)?.conversation).toBe(2);
  }
});

test('conversations that the user never answered weigh as one, and the fullest of them goes first', () => {
  const friend = share(1, 40, 400);
  const strangers = Array.from({ length: 12 }, (_, index) => unanswered(2 + index, index === 5 ? 6 : 5, 10));
  expect(worstOf([friend, ...strangers], cap)?.conversation).toBe(7);
  expect(worstOf([friend, ...strangers.map((one) => ({ ...one, messages: 1, bytes: 60 }))], cap)?.bytes).toBe(
    60,
  );
  // a friend who floods pushes nobody out
  expect(worstOf([share(1, 90, 400), ...strangers], cap)?.conversation).toBe(1);
});
