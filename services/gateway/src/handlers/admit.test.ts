import { beforeEach, expect, test } from '@jest/globals';
import { createTestClock } from '@securechat/kernel/testing';
import type { ProtocolError } from '@securechat/protocol';
import { Connection } from '../connection/connection.ts';
import type { Verdict } from '../limits/verdict.ts';
import { createTestContext, sessionOf } from '../testing/context.ts';
import { TestTransport } from '../testing/transport.ts';
import { admit, type Charge } from './admit.ts';

type Answers = { own: Verdict | Promise<Verdict>; day?: Verdict; global: Verdict | Promise<Verdict> };

let asked: string[];
let answers: Answers;
let passedOn: number;

beforeEach(() => {
  asked = [];
  answers = { own: undefined, global: undefined };
  passedOn = 0;
});

function tryToSend(as: Charge = 'message'): Promise<void> | undefined {
  const clock = createTestClock();
  const own = (name: string) => () => {
    asked.push(name);
    return answers.own;
  };
  const context = createTestContext(clock, {
    messageLimit: { take: own('message'), sweep: () => undefined },
    groupLimit: { take: async () => await own('group_operation')() },
    conversationLimit: {
      async take() {
        asked.push('conversation');
        return answers.day;
      },
    },
    globalLimit: {
      take() {
        asked.push('global');
        return answers.global;
      },
      prepare: () => void asked.push('prepare'),
    },
  });
  const connection = new Connection(context, new TestTransport(), '192.0.2.1');
  connection.session = sessionOf(1, 2);
  const message = {
    id: 'm',
    from: 'user-1',
    device_id: 'device-2',
    timestamp: Math.floor(clock.now() / 1000),
    signature: '',
  };
  return admit(connection, message, as, () => void passedOn++);
}

const UNAVAILABLE: Verdict = 'unavailable';
const refused: Verdict = { retryAfterMs: 7, limit: 1 };
const faultOf = async (attempt: () => Promise<void> | undefined): Promise<ProtocolError> => {
  try {
    await attempt();
  } catch (error) {
    return error as ProtocolError;
  }
  throw new Error('was let through');
};

test('with room in both limits a message goes on at once, without a promise', () => {
  expect(tryToSend()).toBeUndefined();
  expect([asked, passedOn]).toEqual([['message', 'global'], 1]);
});

test('who is over the own limit takes nothing from what all users share', async () => {
  answers.own = refused;
  expect((await faultOf(tryToSend)).detail).toMatchObject({ scope: 'messages', retry_after_ms: 7, limit: 1 });
  answers.own = Promise.resolve(refused);
  expect((await faultOf(tryToSend)).detail.scope).toBe('messages');
  expect(asked).toEqual(['message', 'message', 'prepare']);
  expect(passedOn).toBe(0);
});

test('who has room is refused in the name of all when they are too many', async () => {
  for (const own of [undefined, Promise.resolve(undefined)]) {
    for (const global of [refused, Promise.resolve(refused)]) {
      answers = { own, global };
      const fault = await faultOf(tryToSend);
      expect([fault.error, fault.detail.scope]).toEqual(['RATE_LIMITED', 'global']);
    }
  }
  expect(passedOn).toBe(0);
});

test('a group operation is charged to its own limit and to the global one, not to the messages', async () => {
  await tryToSend('group_operation');
  expect([asked, passedOn]).toEqual([['group_operation', 'prepare', 'global'], 1]);
});

test('a new conversation is a group operation, too; what is refused for its minute leaves the day as it was', async () => {
  await tryToSend('conversation');
  const [first, ...rest] = asked;
  expect([first, rest.filter((name) => name !== 'prepare'), passedOn]).toEqual([
    'group_operation',
    ['conversation', 'global'],
    1,
  ]);
  answers.own = refused;
  expect((await faultOf(() => tryToSend('conversation'))).detail.scope).toBe('group_operations');
  expect(asked.filter((name) => name === 'conversation')).toHaveLength(1);

  answers = { own: undefined, day: { retryAfterMs: 80_000_000, limit: 300 }, global: undefined };
  const fault = await faultOf(() => tryToSend('conversation'));
  expect([fault.error, fault.detail]).toMatchObject([
    'RATE_LIMITED',
    { scope: 'conversations', limit: 300, retry_after_ms: 80_000_000 },
  ]);
  expect([asked.filter((name) => name === 'global').length, passedOn]).toEqual([1, 1]);
});

test('a limit that nobody can tell is told as unavailable, and nothing goes on', async () => {
  for (const own of [UNAVAILABLE, Promise.resolve(UNAVAILABLE)]) {
    answers.own = own;
    expect((await faultOf(tryToSend)).error).toBe('SERVER_UNAVAILABLE');
  }
  answers = { own: undefined, global: Promise.resolve('unavailable') };
  expect((await faultOf(tryToSend)).error).toBe('SERVER_UNAVAILABLE');
  expect((await faultOf(() => tryToSend('group_operation'))).error).toBe('SERVER_UNAVAILABLE');
  expect(passedOn).toBe(0);
});
