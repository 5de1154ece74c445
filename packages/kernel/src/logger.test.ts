import { expect, test } from '@jest/globals';
import { DatabaseError } from 'pg';
import { createLogger, type LogLevel } from './logger.ts';

function captureLog(level: LogLevel = 'info') {
  const lines: string[] = [];
  const destination = { write: (line: string) => void lines.push(line) };
  const logger = createLogger({ service: 'delivery', instance: 'delivery-1', level, destination });
  return { logger, lines, last: () => JSON.parse(lines.at(-1) ?? '{}') as Record<string, unknown> };
}

test('a line is JSON with service, instance, level and fields', () => {
  const { logger, last } = captureLog();
  logger.info({ messageId: 'm1' }, 'entry stored');
  expect(last()).toMatchObject({
    service: 'delivery',
    instance: 'delivery-1',
    level: 'info',
    messageId: 'm1',
    msg: 'entry stored',
  });
});

test.each([
  'payload',
  'body',
  'ciphertext',
  'key',
  'private_key',
  'ticket',
  'from',
  'to',
  'filename',
  'password',
])('%s is never logged, at the top or one or two levels deep, also from a child logger', (name) => {
  const { logger, lines } = captureLog();
  logger.info({ [name]: 'hidden', a: { [name]: 'hidden', b: { [name]: 'hidden' } } }, 'x');
  logger.child({ [name]: 'hidden', a: { [name]: 'hidden' } }).info('x');
  expect(lines.join('')).not.toContain('hidden');
  expect(lines.join('')).toContain('[redacted]');
});

test('a Postgres error keeps its code and loses the values of the row', () => {
  const { logger, lines, last } = captureLog();
  const error = Object.assign(
    new DatabaseError('duplicate key value violates unique constraint "users_pk"', 9, 'error'),
    {
      code: '23505',
      severity: 'ERROR',
      detail: 'Key (id)=(hidden) already exists.',
      where: 'hidden',
      constraint: 'users_pk',
      parameters: ['hidden'],
    },
  );
  logger.error({ err: error }, 'store failed');
  expect(last().err).toMatchObject({ code: '23505', constraint: 'users_pk', severity: 'ERROR' });
  expect(lines.join('')).not.toContain('hidden');
});

test.each([
  'invalid input syntax for type integer: "hidden"',
  'value "hidden" is out of range for type smallint',
  "ERR unknown command 'XFOO', with args beginning with: 'hidden' ",
])('the value is cut from: %s', (message) => {
  const { logger, lines } = captureLog();
  logger.error({ err: new Error(message) }, 'x');
  expect(lines.join('')).not.toContain('hidden');
});

test('the command of a Redis error is named without its arguments', () => {
  const { logger, lines, last } = captureLog();
  const error = Object.assign(new Error('Command aborted due to connection close'), {
    command: { name: 'xadd', args: ['stream', 'hidden'] },
  });
  logger.warn({ err: error }, 'x');
  expect(last().err).toMatchObject({ command: 'xadd' });
  expect(lines.join('')).not.toContain('hidden');
});

test('bytes are logged as their number, and an error anywhere without its details', () => {
  const { logger, last, lines } = captureLog();
  const failure = Object.assign(new Error('outer'), { detail: 'hidden' });
  logger.info(
    { id: Buffer.from('hidden'), attempts: [{ failure, at: new Date(0) }], a: { b: { c: { d: {} } } } },
    'x',
  );
  expect(last()).toMatchObject({
    id: '[6 bytes]',
    attempts: [{ failure: { message: 'outer' }, at: '1970-01-01T00:00:00.000Z' }],
    a: { b: { c: { d: '[deep]' } } },
  });
  expect(lines.join('')).not.toContain('hidden');
});

test('an error given alone is described too', () => {
  const { logger, last, lines } = captureLog();
  logger.error(Object.assign(new Error('alone'), { detail: 'hidden' }));
  expect(last()).toMatchObject({ msg: 'alone', err: { type: 'Error', message: 'alone' } });
  logger.error(new Error('invalid input syntax for type integer: "hidden"'));
  logger.error({ err: new Error('invalid input syntax for type integer: "hidden"') });
  expect(last().msg).toBe('invalid input syntax for type integer: …');
  expect(lines.join('')).not.toContain('hidden');
});

test('causes are logged too, and the password of a URL nowhere', () => {
  const { logger, lines, last } = captureLog();
  const url = 'postgres://me:hidden@db:5432/chat';
  logger.error({ err: new Error('outer', { cause: new Error(`cannot reach ${url}`) }), url }, `tried ${url}`);
  expect(last().err).toMatchObject({
    cause: { message: 'cannot reach postgres://me:[redacted]@db:5432/chat' },
  });
  expect(lines.join('')).not.toContain('hidden');
});
