import { describe, expect, test } from '@jest/globals';
import { CodeNotReadable, LoginRefused, ServerRefused, ServerUnreachable } from '@securechat/client';
import { message } from '../testing/message.ts';
import { errorText, failureText } from './error-text.ts';
import { shownName } from './file-names.ts';
import { safeLink } from './links.ts';
import { messageLine, names, noticeText } from './message-text.ts';
import { safetyGroups } from './safety-number.ts';
import { dayLabel, duration } from './time.ts';
import { splitUserIds } from './user-ids.ts';

const nameOf = (userId: string) => (userId === 'me' ? 'You' : userId);

test('the safety number is read aloud in twelve groups of five', () => {
  const groups = safetyGroups('123456789012345678901234567890123456789012345678901234567890');
  expect(groups).toHaveLength(12);
  expect(groups[11]).toBe('67890');
});

test('several people are told apart by commas, blanks and @', () => {
  expect(splitUserIds(' @bob, carol;dan\nbob ')).toEqual(['bob', 'carol', 'dan']);
});

test('an address with a port or path is as the browser takes it', () => {
  expect(safeLink('HTTPS://Example.org:443/a b'.replace(' ', '%20'))).toBe('https://example.org/a%20b');
});

test('the name of a file is one line, and reads as it is written', () => {
  expect(shownName('photo\u202egpj.exe')).toBe('photogpj.exe');
  expect(shownName('a\r\nb\u2028c')).toBe('abc');
  expect(shownName('\u200b \u2066')).toBe('file');
});

describe('a message in one line', () => {
  test('is its text without marks and new lines', () => {
    const body = { type: 'text', text: '**a**\n\nb', format: 'markdown', mentions: [] } as const;
    expect(messageLine(message('1', { body }), nameOf)).toBe('a b');
  });

  test('says what is missing', () => {
    const body = { type: 'missing', reason: 'gap', count: 2, isRepairing: false } as const;
    expect(messageLine(message('1', { body }), nameOf)).toBe('2 messages did not arrive');
  });
});

test.each([
  [{ type: 'added', users: ['bob', 'carol', 'dan'] }, 'You added bob, carol and dan'],
  [{ type: 'role', users: ['bob'], role: 'admin' }, 'You made bob an admin'],
  [{ type: 'renamed', name: 'Hills' }, 'You named the group “Hills”'],
  [{ type: 'devices', added: ['a'], removed: ['b', 'c'] }, 'You added 1 device and removed 2 devices'],
] as const)('%j is told as %j', (notice, text) => {
  expect(noticeText('me', notice, nameOf)).toBe(text);
});

test('one is “you” in the middle of a sentence', () => {
  expect(noticeText('bob', { type: 'added', users: ['me', 'dan'] }, nameOf)).toBe('bob added you and dan');
});

test('nobody is a name too', () => {
  expect(names([], nameOf)).toBe('nobody');
});

test('a device that is not let in is told so, and not what the server says to it', () => {
  const answer = {
    type: 'error',
    error_code: 'AUTHENTICATION_FAILED',
    error_message: 'no',
    code: 1001,
  } as const;
  const cause = new ServerRefused(answer);
  expect(errorText(new LoginRefused('no', { cause }))).toContain('this device was removed');
  expect(errorText(cause)).toContain('does not know this account');
});

test('a code that is too old is called so, and not to be copied once more', () => {
  expect(errorText(new CodeNotReadable('expired'))).toContain('has expired');
  expect(errorText(new CodeNotReadable('not_for_this'))).toContain('another purpose');
  expect(errorText(new CodeNotReadable('garbled'))).toContain('Copy it again');
});

describe('time', () => {
  const noon = new Date(2026, 4, 2, 12).getTime();
  test.each([
    ['Today', new Date(2026, 4, 2, 0, 1)],
    ['Yesterday', new Date(2026, 4, 1, 23, 59)],
  ])('%s is by the calendar', (label, at) => {
    expect(dayLabel(at.getTime(), noon)).toBe(label);
  });

  test('another year is said', () => {
    expect(dayLabel(new Date(2025, 4, 2).getTime(), noon)).toContain('2025');
  });

  test.each([
    [59_999, '59 seconds'],
    [60_000, '1 minute'],
    [86_400_000, '1 day'],
    [14 * 86_400_000, '2 weeks'],
  ])('%d ms are %s', (forMs, text) => {
    expect(duration(forMs)).toBe(text);
  });
});

describe('errors', () => {
  test('of the network say what to do', () => {
    expect(errorText(new ServerUnreachable('ECONNREFUSED'))).toContain('Check the connection');
  });

  test('of a limit say how long to wait', () => {
    const answer = { code: 1004, error_code: 'RATE_LIMITED', error_message: 'no', retry_after_ms: 1_500 };
    expect(errorText(new ServerRefused(answer as never))).toContain('in 2 s');
  });

  test('that are not known say themselves', () => {
    expect(errorText(new Error('odd'))).toBe('odd');
  });
});

test('why a message was not sent is said in words, or by its name', () => {
  expect(failureText('AccountKeyChanged')).toBe(
    'Not sent. This person has new keys. Check them before anything is sent.',
  );
  expect(failureText('DROPPED')).toBe('Not sent (DROPPED).');
  expect(failureText(undefined)).toBe('Not sent.');
});
