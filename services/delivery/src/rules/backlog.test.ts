import { expect, test } from '@jest/globals';
import { type Share, worstOf } from './backlog.ts';

const cap = { maxWaitingMessages: 100, maxWaitingBytes: 1000 };
const share = (conversation: number, messages: number, bytes: number): Share => ({
  conversation,
  messages,
  bytes,
});

test('a mailbox that holds exactly what it may is left alone', () => {
  expect(worstOf([], cap)).toBeUndefined();
  expect(worstOf([share(1, 60, 400), share(2, 40, 600)], cap)).toBeUndefined();
});

test('of one that holds more, the conversation with most messages or bytes is the worst, whichever weighs more', () => {
  expect(worstOf([share(1, 60, 10), share(2, 41, 20)], cap)?.conversation).toBe(1);
  expect(worstOf([share(1, 60, 10), share(2, 1, 991)], cap)?.conversation).toBe(2);
  expect(worstOf([share(1, 1, 300), share(2, 80, 100), share(3, 20, 700)], cap)?.conversation).toBe(2);
});
