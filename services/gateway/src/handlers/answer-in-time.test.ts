import { beforeEach, expect, test } from '@jest/globals';
import { DeadlineError } from '@securechat/kernel';
import { createTestClock } from '@securechat/kernel/testing';
import { Connection } from '../connection/connection.ts';
import { createTestContext } from '../testing/context.ts';
import { TestTransport, turnEnded } from '../testing/transport.ts';
import { answerInTime } from './answer-in-time.ts';

let context: ReturnType<typeof createTestContext>;
let transport: TestTransport;
let connection: Connection;

beforeEach(() => {
  context = createTestContext(createTestClock());
  transport = new TestTransport();
  connection = new Connection(context, transport, '192.0.2.1');
});

test('an answer is passed on, and nothing is said of it', async () => {
  expect(await answerInTime(connection, { id: 'a' }, Promise.resolve(7))).toBe(7);
  await turnEnded();
  expect([transport.messages(), context.log]).toEqual([[], []]);
});

test('without an answer the client may ask again, and the log says why, not whose question it was', async () => {
  const failed = Promise.reject(new DeadlineError('no answer in time'));
  expect(await answerInTime(connection, { id: 'question_of_alice' }, failed)).toBeUndefined();
  await turnEnded();
  expect(transport.messages()).toMatchObject([
    { error_code: 'NETWORK_TIMEOUT', reference_id: 'question_of_alice', retry_after_ms: 1_000 },
  ]);
  expect(context.log).toMatchObject([{ level: 'warn', err: { message: 'no answer in time' } }]);
  expect(JSON.stringify(context.log)).not.toContain('alice');
});
