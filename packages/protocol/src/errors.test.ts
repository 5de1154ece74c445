import { expect, test } from '@jest/globals';
import { type ErrorDetail, errorMessage, errorNames, errors, errorTexts, ProtocolError } from './errors.ts';
import { decodeDownstream } from './frame/decode.ts';

const SEED_CODES = [1000, 1001, 1002, 1003, 1004, 1005, 1006, 2000, 2001, 2002];
const ERROR = 0x0007;
const utf8 = new TextEncoder();

test('the ten codes of the seed are there, and every name hangs under one of them', () => {
  expect([...new Set(errorNames.map((name) => errors[name].code))].sort()).toEqual(SEED_CODES);
});

test('names are in upper case, and no two errors say the same', () => {
  for (const name of errorNames) expect(name).toMatch(/^[A-Z_]{1,64}$/);
  expect(new Set(Object.values(errorTexts)).size).toBe(errorNames.length);
});

const details: ErrorDetail[] = [
  {},
  { path: '/metadata/expires_at type' },
  { path: undefined, reference_id: undefined, retry_after_ms: undefined } as ErrorDetail,
  {
    path: 'x'.repeat(96),
    reference_id: 'msg_1',
    retry_after_ms: 0,
    scope: 'user_connections',
    limit: 5,
    epoch: 0,
    expected: 1,
    conversation_id: 'c_0123456789abcdef',
    supported_versions: ['1.0', 1],
  },
];

test.each(errorNames)('%s makes a message that a client accepts, and never says undefined', (name) => {
  for (const detail of details) {
    const text = JSON.stringify(errorMessage(name, detail));
    expect(text).not.toMatch(/undefined|"path"/);
    const message = decodeDownstream(ERROR, utf8.encode(text));
    expect(message).toMatchObject({ code: errors[name].code, error_code: name });
  }
});

test('what is thrown says where the fault lies and whether the stream can go on', () => {
  const error = new ProtocolError('FRAME_TOO_LARGE', { path: '/payload', limit: 5 }, { fatal: true });
  expect(error.message).toBe('FRAME_TOO_LARGE (/payload)');
  expect(error).toMatchObject({ name: 'ProtocolError', error: 'FRAME_TOO_LARGE', fatal: true });
  expect(new ProtocolError('EXPIRED')).toMatchObject({ fatal: false, detail: {} });
});
