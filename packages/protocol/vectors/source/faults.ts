import type { ErrorName } from './protocol.ts';

/**
 * One fault each, put into a valid message. `at` is a JSON pointer to the faulty member, or one of the words for a
 * document fault: utf-8, json, key, duplicate key, too many keys, depth, number; `length` for a header.
 */
export type Fault = { name: string; at: string; error: ErrorName; payload: Uint8Array };
type Members = Record<string, unknown>;

const utf8 = new TextEncoder();
const REFUSED = 'INVALID_MESSAGE_FORMAT';

export function textFault(name: string, at: string, text: string): Fault {
  return { name, at, error: REFUSED, payload: utf8.encode(text) };
}

/** Faults of the document itself, which every type refuses. */
export function documentFaults(message: Members): Fault[] {
  const text = JSON.stringify(message);
  const plus = (member: string): string => `${text.slice(0, -1)},${member}}`;
  const type = String(message.type);
  const escapedType = text.replace('"type":', '"t\\u0079pe":');
  return [
    { name: 'a byte that UTF-8 never has', at: 'utf-8', error: REFUSED, payload: withByte(text, type, 0xff) },
    textFault('a byte order mark', 'json', `\ufeff${text}`),
    textFault('no closing brace', 'json', text.slice(0, -1)),
    textFault('a list around the message', 'json', `[${text}]`),
    textFault('a second message behind the first', 'json', text + text),
    textFault('a member twice', 'duplicate key', plus(`"type":${JSON.stringify(type)}`)),
    textFault('__proto__', 'key', plus('"__proto__":{}')),
    textFault('an escaped name', 'key', escapedType),
    textFault('17 levels', 'depth', plus(`"x":${'['.repeat(16)}${']'.repeat(16)}`)),
    textFault('65 members in one object', 'too many keys', plus(`"x":{${members(65)}}`)),
    textFault('a whole number with a fraction part', 'number', plus('"x":1.0')),
    textFault('half a surrogate pair', 'json', plus('"x":"\\ud83d"')),
  ];
}

/** More document faults; the grammar is the same for every type, so one type carries these. */
export function rareDocumentFaults(message: Members): Fault[] {
  const text = JSON.stringify(message);
  const plus = (member: string): string => `${text.slice(0, -1)},${member}}`;
  const broken = (name: string, ...bytes: number[]): Fault => ({
    name,
    at: 'utf-8',
    error: REFUSED,
    payload: withByte(text, String(message.type), ...bytes),
  });
  return [
    { name: 'no bytes at all', at: 'json', error: REFUSED, payload: new Uint8Array(0) },
    broken('an overlong slash in UTF-8', 0xc0, 0xaf),
    broken('a surrogate in UTF-8', 0xed, 0xa0, 0x80),
    broken('a character above U+10FFFF in UTF-8', 0xf4, 0x90, 0x80, 0x80),
    broken('a UTF-8 character without its last byte', 0xe2, 0x82),
    textFault('a string', 'json', JSON.stringify(text)),
    textFault('null', 'json', 'null'),
    textFault('a number', 'json', '1'),
    textFault('a comma before the closing brace', 'json', `${text.slice(0, -1)},}`),
    textFault('single quotes', 'json', plus("'x':1")),
    textFault('a comment', 'json', `${text.slice(0, -1)}/* */}`),
    textFault('a line break in a string', 'json', plus('"x":"\n"')),
    textFault('an escape that JSON lacks', 'json', plus('"x":"\\x41"')),
    textFault('a string that never ends', 'json', plus('"x":"')),
    textFault('a leading zero', 'json', plus('"x":01')),
    textFault('a plus sign', 'json', plus('"x":+1')),
    textFault('NaN', 'json', plus('"x":NaN')),
    textFault('a zero byte behind the message', 'json', `${text}\0`),
    textFault('minus zero', 'number', plus('"x":-0')),
    textFault('a whole number with an exponent', 'number', plus('"x":1e3')),
    textFault('a fraction that rounds to a whole number', 'number', plus('"x":4503599627370497.5')),
    textFault('constructor, one level down', 'key', plus('"x":{"constructor":1}')),
    textFault('prototype, in a list', 'key', plus('"x":[{"prototype":1}]')),
    textFault('a name of 65 characters', 'key', plus(`"${'k'.repeat(65)}":1`)),
    textFault('a name of 33 characters beyond the BMP', 'key', plus(`"${'😀'.repeat(33)}":1`)),
    textFault(
      'a member twice, 16 levels down',
      'duplicate key',
      plus(`"x":${'['.repeat(14)}{"a":1,"a":1}${']'.repeat(14)}`),
    ),
    textFault('halves of a pair in the wrong order', 'json', plus('"x":"\\ude00\\ud83d"')),
  ];
}

function members(count: number): string {
  return Array.from({ length: count }, (_, index) => `"k${index}":0`).join(',');
}

/** The text with the first letter of `word` replaced by raw bytes. */
function withByte(text: string, word: string, ...bytes: number[]): Uint8Array {
  const at = text.indexOf(`"${word}"`) + 1;
  return Uint8Array.from([...utf8.encode(text.slice(0, at)), ...bytes, ...utf8.encode(text.slice(at + 1))]);
}

/** The message with the member at a JSON pointer replaced, or removed when `value` is undefined. */
export function memberFault(message: Members, name: string, at: string, value?: unknown): Fault {
  const changed = structuredClone(message);
  const path = at.slice(1).split('/');
  const last = path.pop() ?? '';
  const owner = path.reduce((object, key) => object[key] as Members, changed);
  if (value === undefined) delete owner[last];
  else owner[last] = value;
  return textFault(`${at.slice(1)}: ${name}`, at, JSON.stringify(changed));
}
