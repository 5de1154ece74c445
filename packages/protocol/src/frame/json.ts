import { ProtocolError } from '../errors.ts';
import { MAX_JSON_DEPTH, MAX_OBJECT_KEYS } from '../limits.ts';

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const MAX_KEY_LENGTH = 64;
const FORBIDDEN_KEYS = new Set(['__proto__', 'constructor', 'prototype']);

/**
 * Parses a payload that must be one JSON object in valid UTF-8. Refuses what `JSON.parse` would let through
 * and a second reader could understand differently: duplicate or escaped keys, keys that reach a prototype,
 * and documents too deep or too wide to be ours.
 */
export function parseJsonObject(payload: Uint8Array): Record<string, unknown> {
  const text = decodeUtf8(payload);
  checkStructure(text);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw malformed('json');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw malformed('json');
  return value as Record<string, unknown>;
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
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

/** One pass over the punctuation; strings are skipped by search. Syntax itself is left to `JSON.parse`. */
function checkStructure(text: string): void {
  // For each open bracket: the keys seen in an object, or undefined for an array.
  const open: (string[] | undefined)[] = [];
  let keys: string[] | undefined;
  let expectKey = false;
  for (let at = 0; at < text.length; at++) {
    switch (text.charCodeAt(at)) {
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
        keys = text.charCodeAt(at) === OPEN_OBJECT ? [] : undefined;
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

function addKey(keys: string[], key: string): void {
  if (key.length > MAX_KEY_LENGTH || key.includes('\\') || FORBIDDEN_KEYS.has(key)) throw malformed('key');
  if (keys.includes(key)) throw malformed('duplicate key');
  if (keys.length === MAX_OBJECT_KEYS) throw malformed('too many keys');
  keys.push(key);
}

function malformed(path: string): ProtocolError {
  return new ProtocolError('INVALID_MESSAGE_FORMAT', { path });
}
