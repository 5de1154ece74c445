import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { ProtocolError } from '../errors.ts';
import { parseJsonObject } from './json.ts';

const utf8 = new TextEncoder();
const parse = (text: string): unknown => parseJsonObject(utf8.encode(text));

/** The word for the fault, or 'accepted'. Anything but a ProtocolError fails the test. */
function faultOf(payload: Uint8Array | string): string {
  try {
    parseJsonObject(typeof payload === 'string' ? utf8.encode(payload) : payload);
    return 'accepted';
  } catch (error) {
    expect(error).toBeInstanceOf(ProtocolError);
    expect(error).toMatchObject({ error: 'INVALID_MESSAGE_FORMAT', fatal: false });
    return (error as ProtocolError).detail.path ?? '';
  }
}

const nested = (levels: number, inner: string): string =>
  `${'['.repeat(levels)}${inner}${']'.repeat(levels)}`;

test('a payload is one object and nothing else', () => {
  expect(parse(' {"a":[1,"b",null,true,{"c":-2.5}]}\r\n')).toEqual({ a: [1, 'b', null, true, { c: -2.5 }] });
  for (const text of [
    '',
    ' ',
    'null',
    '1',
    '"a"',
    '[]',
    '[{}]',
    '{}{}',
    '{} x',
    '{',
    '}',
    '{"a"}',
    '{"a":}',
  ]) {
    expect([text, faultOf(text)]).toEqual([text, 'json']);
  }
});

test('the same name twice in an object is refused at every depth', () => {
  for (let levels = 0; levels <= 12; levels++) {
    expect(faultOf(`{"x":${nested(levels, '{"a":1,"b":{"a":2},"a":3}')}}`)).toBe('duplicate key');
    expect(faultOf(`{"x":${nested(levels, '{"a":1,"b":{"a":2},"c":[{"a":3}]}')}}`)).toBe('accepted');
  }
});

test('the same text as a name and as a value is no duplicate', () => {
  expect(parse('{"a":"a","b":["a","a","b"],"c":{"a":"c"}}')).toBeDefined();
});

test('a name may not be escaped, because two spellings would be one name', () => {
  expect(faultOf('{"\\u0061":1}')).toBe('key');
  expect(faultOf('{"a\\"b":1}')).toBe('key');
  expect(faultOf('{"x":{"\\u005f_proto__":1}}')).toBe('key');
});

test('names that reach a prototype are refused at every depth', () => {
  for (const name of ['__proto__', 'constructor', 'prototype']) {
    expect(faultOf(`{"${name}":1}`)).toBe('key');
    expect(faultOf(`{"x":[[{"${name}":1}]]}`)).toBe('key');
    expect(faultOf(`{"x":"${name}"}`)).toBe('accepted');
  }
});

test('16 levels are accepted and 17 are not', () => {
  expect(faultOf(`{"x":${nested(15, '')}}`)).toBe('accepted');
  expect(faultOf(`{"x":${nested(16, '')}}`)).toBe('depth');
  expect(faultOf(`${'{"x":'.repeat(16)}1${'}'.repeat(16)}`)).toBe('accepted');
  expect(faultOf(`${'{"x":'.repeat(17)}1${'}'.repeat(17)}`)).toBe('depth');
  expect(faultOf('['.repeat(100_000))).toBe('depth');
});

test('brackets in strings are no levels', () => {
  expect(faultOf(`{"x":"${'['.repeat(100)}\\"${'{'.repeat(100)}\\\\"}`)).toBe('accepted');
});

test('64 members in an object are accepted and 65 are not', () => {
  const members = (count: number) => Array.from({ length: count }, (_, index) => `"k${index}":0`).join(',');
  expect(faultOf(`{${members(64)}}`)).toBe('accepted');
  expect(faultOf(`{${members(65)}}`)).toBe('too many keys');
  expect(faultOf(`{"x":{${members(65)}}}`)).toBe('too many keys');
});

test('a name has at most 64 UTF-16 units', () => {
  expect(faultOf(`{"${'k'.repeat(64)}":1}`)).toBe('accepted');
  expect(faultOf(`{"${'k'.repeat(65)}":1}`)).toBe('key');
});

test('bytes that are no UTF-8 are refused, and so is a byte order mark', () => {
  for (const bytes of [[0xff], [0xc0, 0xaf], [0xed, 0xa0, 0x80], [0xf5, 0x80, 0x80, 0x80], [0xe2, 0x82]]) {
    expect(faultOf(Uint8Array.from([...utf8.encode('{"a":"'), ...bytes, ...utf8.encode('"}')]))).toBe(
      'utf-8',
    );
  }
  expect(faultOf('\ufeff{}')).toBe('json');
});

test('half a surrogate pair is refused, a whole one is a character', () => {
  expect(parse('{"a":"\\ud83d\\ude00","b":"😀"}')).toEqual({ a: '😀', b: '😀' });
  for (const half of ['\\ud83d', '\\ude00', '\\ude00\\ud83d', '\\ud83dx\\ude00', '\\uD83D']) {
    expect(faultOf(`{"a":[{"b":"${half}"}]}`)).toBe('json');
  }
  expect(parse('{"a":"\\\\ud83d"}')).toEqual({ a: '\\ud83d' });
});

describe('numbers', () => {
  test.each(['0', '7', '-7', '9007199254740993', '0.5', '-0.5', '1.25e-3', '12345.678'])(
    '%s is accepted',
    (text) => {
      expect(parse(`{"a":${text},"b":[${text}]}`)).toEqual({ a: Number(text), b: [Number(text)] });
      expect(parse(`{"a": ${text} }`)).toEqual({ a: Number(text) });
    },
  );

  test.each(['-0', '1.0', '1e3', '1E3', '10e-1', '-0.0', '0e0', '4503599627370497.5', '0.1e1'])(
    '%s is a whole number in disguise',
    (text) => expect(faultOf(`{"a":[${text}]}`)).toBe('number'),
  );

  test.each(['01', '+1', '.5', '-', '1.', '1e', '--1', 'NaN', 'Infinity', '0x10', '1_000'])(
    '%s is no JSON',
    (text) => {
      expect(faultOf(`{"a":${text}}`)).not.toBe('accepted');
    },
  );
});

test('what is accepted is what JSON.parse reads', () => {
  fc.assert(
    fc.property(fc.json({ maxDepth: 4 }), (value) => {
      const text = `{"value":${value}}`;
      if (faultOf(text) === 'accepted') expect(parse(text)).toEqual(JSON.parse(text));
    }),
    { numRuns: 500 },
  );
});

test('a document inside the limits is accepted', () => {
  const name = fc
    .stringMatching(/^[a-z_]{1,20}$/)
    .filter((text) => !['constructor', 'prototype', '__proto__'].includes(text));
  const value = fc.oneof(fc.integer(), fc.boolean(), fc.constant(null), fc.string({ unit: 'binary' }));
  const list = fc.array(fc.oneof(value, fc.dictionary(name, value, { maxKeys: 8, noNullPrototype: true })), {
    maxLength: 5,
  });
  fc.assert(
    fc.property(
      fc.dictionary(name, fc.oneof(value, list), { maxKeys: 20, noNullPrototype: true }),
      (document) => {
        expect(parse(JSON.stringify(document))).toEqual(document);
        expect(parse(JSON.stringify(document, null, 2))).toEqual(document);
      },
    ),
    { numRuns: 100 },
  );
});

test('whatever the bytes, the answer is an object or a ProtocolError', () => {
  const token = fc.constantFrom(
    '{',
    '}',
    '[',
    ']',
    '"',
    ':',
    ',',
    '\\',
    '"a"',
    '1',
    '-',
    '.',
    'e',
    'null',
    ' ',
    '\\ud800',
    '\0',
  );
  fc.assert(
    fc.property(
      fc.oneof(
        fc.uint8Array(),
        fc.array(token).map((tokens) => utf8.encode(`{${tokens.join('')}`)),
      ),
      (bytes) => {
        faultOf(bytes);
      },
    ),
    { numRuns: 1000 },
  );
});

test('a long string of escapes is read in time that grows with its length only', () => {
  const startedAt = performance.now();
  expect(faultOf(`{"a":"${'\\"'.repeat(100_000)}"}`)).toBe('accepted');
  expect(faultOf(`{"a":"${'\\\\'.repeat(100_000)}"}`)).toBe('accepted');
  expect(performance.now() - startedAt).toBeLessThan(2000);
});
