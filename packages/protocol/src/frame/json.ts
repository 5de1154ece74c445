import { ProtocolError } from '../errors.ts';
import { MAX_JSON_DEPTH, MAX_OBJECT_KEYS } from '../limits.ts';

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const MAX_KEY_LENGTH = 64;
const FORBIDDEN_KEYS = new Set(['__proto__', 'constructor', 'prototype']);

/**
 * Parses a payload that must be one JSON object in valid UTF-8. Refuses what `JSON.parse` accepts but another parser
 * could understand differently: duplicate or escaped keys, keys that reach a prototype, non-canonical whole numbers,
 * lone surrogates, and documents too deep or too wide to be ours.
 */
export function parseJsonObject(payload: Uint8Array): Record<string, unknown> {
  const text = decodeUtf8(payload);
  checkStructure(text);
  let value: unknown;
  try {
    value = JSON.parse(text, text.includes('\\u') ? refuseLoneSurrogate : undefined);
  } catch {
    throw malformed('json');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw malformed('json');
  return value as Record<string, unknown>;
}

/** Only an escape can bring a lone surrogate past the UTF-8 decoder, and no transcript can encode one. */
function refuseLoneSurrogate(_key: string, value: unknown): unknown {
  if (typeof value === 'string' && !value.isWellFormed()) throw new SyntaxError('lone surrogate');
  return value;
}

function decodeUtf8(payload: Uint8Array): string {
  try {
    return utf8.decode(payload);
  } catch {
    throw malformed('utf-8');
  }
}

const QUOTE = 0x22;
const COMMA = 0x2c;
const MINUS = 0x2d;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

/** One pass over the punctuation; strings are skipped by search. The syntax itself is left to `JSON.parse`. */
function checkStructure(text: string): void {
  // For each open bracket: the keys seen in an object, or undefined for an array.
  const open: (string[] | undefined)[] = [];
  let keys: string[] | undefined;
  let expectKey = false;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    switch (code) {
      case QUOTE: {
        const end = endOfString(text, at);
        if (expectKey && keys) addKey(keys, text.slice(at + 1, end));
        expectKey = false;
        at = end;
        break;
      }
      case OPEN_OBJECT:
      case OPEN_ARRAY:
        if (open.length === MAX_JSON_DEPTH) throw malformed('depth');
        keys = code === OPEN_OBJECT ? [] : undefined;
        open.push(keys);
        expectKey = keys !== undefined;
        break;
      case CLOSE_OBJECT:
      case CLOSE_ARRAY:
        open.pop();
        keys = open[open.length - 1];
        expectKey = false;
        break;
      case COMMA:
        expectKey = keys !== undefined;
        break;
      default:
        if (code === MINUS || isDigit(code)) at = endOfNumber(text, at) - 1;
    }
  }
}

/** Index of the quote that closes the string opened at `start`. */
function endOfString(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); end !== -1; end = text.indexOf('"', end + 1)) {
    let backslashes = 0;
    while (text.charCodeAt(end - 1 - backslashes) === 0x5c) backslashes++;
    if (backslashes % 2 === 0) return end;
  }
  throw malformed('json');
}

/**
 * A whole number has one spelling. `1.0`, `1e3`, `-0` and a fraction lost in rounding are whole numbers to
 * `JSON.parse`, but something else, or invalid, to a parser with real integers.
 */
function endOfNumber(text: string, start: number): number {
  let end = start;
  while (isDigit(text.charCodeAt(end))) end++;
  const next = text.charCodeAt(end);
  if (next === COMMA || next === CLOSE_OBJECT || next === CLOSE_ARRAY) return end;
  while (isOfNumber(text.charCodeAt(end))) end++;
  const literal = text.slice(start, end);
  if (Number.isInteger(Number(literal)) && !WHOLE_NUMBER.test(literal)) throw malformed('number');
  return end;
}

const WHOLE_NUMBER = /^(?:0|-?[1-9][0-9]*)$/;
const isDigit = (code: number): boolean => code >= 0x30 && code <= 0x39;
/** A digit or one of `-+.eE`; setting bit 0x20 makes a letter lower-case. */
const isOfNumber = (code: number): boolean =>
  isDigit(code) || code === MINUS || code === 0x2b || code === 0x2e || (code | 0x20) === 0x65;

function addKey(keys: string[], key: string): void {
  if (key.length > MAX_KEY_LENGTH || key.includes('\\') || FORBIDDEN_KEYS.has(key)) throw malformed('key');
  if (keys.includes(key)) throw malformed('duplicate key');
  if (keys.length === MAX_OBJECT_KEYS) throw malformed('too many keys');
  keys.push(key);
}

function malformed(path: string): ProtocolError {
  return new ProtocolError('INVALID_MESSAGE_FORMAT', { path });
}
