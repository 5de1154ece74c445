import { expect, test } from '@jest/globals';
import { DatabaseError } from 'pg';
import { classify, DeadlineError, PoisonError, RetryableError, withDeadline } from './errors.ts';
import { isRedisDown } from './redis.ts';

function postgresError(code: string): Error {
  return Object.assign(new DatabaseError('no', 2, 'error'), { code, severity: 'ERROR' });
}

function nodeError(code: string): Error {
  return Object.assign(new Error(`connect ${code}`), { code });
}

function redisReply(message: string): Error {
  const error = new Error(message);
  error.name = 'ReplyError';
  return error;
}

test.each(['08006', '40001', '40P01', '53100', '55P03', '57014', '57P01', '25P03', '25006'])(
  'SQLSTATE %s may pass and is retried',
  (code) => expect(classify(postgresError(code))).toBe('retryable'),
);

test.each(['22001', '22P02', '23505', '23503'])('SQLSTATE %s fails for ever and is poison', (code) =>
  expect(classify(postgresError(code))).toBe('poison'),
);

test.each(['42P01', '42501', '25P02', 'XX000'])('SQLSTATE %s is our fault', (code) =>
  expect(classify(postgresError(code))).toBe('fault'),
);

test.each(['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT'])('socket error %s is retried', (code) => {
  expect(classify(nodeError(code))).toBe('retryable');
  expect(isRedisDown(nodeError(code))).toBe(true);
});

test('Node codes that look like a SQLSTATE are not taken for one', () => {
  expect(classify(nodeError('EPERM'))).toBe('fault');
});

test('a Redis that cannot serve now is down, a wrong command is our fault', () => {
  expect(isRedisDown(redisReply('LOADING Redis is loading the dataset in memory'))).toBe(true);
  expect(classify(redisReply('READONLY You cannot write against a read only replica.'))).toBe('retryable');
  expect(isRedisDown(redisReply('WRONGTYPE Operation against a key'))).toBe(false);
  expect(classify(redisReply('BUSYGROUP Consumer Group name already exists'))).toBe('fault');
});

test('our own errors say themselves what they are', () => {
  expect(classify(new RetryableError('later'))).toBe('retryable');
  expect(classify(new DeadlineError('late'))).toBe('retryable');
  expect(classify(new PoisonError('never'))).toBe('poison');
  expect(classify(new TypeError('oops'))).toBe('fault');
  expect(classify('a string')).toBe('fault');
});

test('a deadline rejects, and work that is in time passes through', async () => {
  await expect(withDeadline(new Promise(() => {}), 5, 'nothing')).rejects.toThrow(
    'nothing took longer than 5 ms',
  );
  await expect(withDeadline(Promise.resolve(7), 1000, 'seven')).resolves.toBe(7);
  await expect(withDeadline(Promise.reject(new TypeError('no')), 1000, 'no')).rejects.toThrow(TypeError);
});
