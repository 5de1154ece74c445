/**
 * Strict standard base64 (RFC 4648 §4): one alphabet, padding required, unused trailing bits zero.
 * Exactly one text exists for each byte string; a second spelling would be a second valid message.
 */
const GROUP = '[A-Za-z0-9+/]{4}';
const TWO_BYTES = '[A-Za-z0-9+/]{2}[AEIMQUYcgkosw048]=';
const ONE_BYTE = '[A-Za-z0-9+/][AQgw]==';

/** Pattern of canonical base64 of any length, for schemas. */
export const BASE64_PATTERN = `^(?:${GROUP})*(?:${TWO_BYTES}|${ONE_BYTE})?$`;

/** Pattern of canonical base64 of exactly `bytes` bytes. */
export function base64PatternOf(bytes: number): string {
  const tail = bytes % 3 === 0 ? '' : bytes % 3 === 2 ? TWO_BYTES : ONE_BYTE;
  return `^(?:${GROUP}){${Math.floor(bytes / 3)}}${tail}$`;
}

const canonical = new RegExp(BASE64_PATTERN);
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const CODES = new Uint8Array(128);
for (let i = 0; i < 64; i++) CODES[ALPHABET.charCodeAt(i)] = i;

export function isBase64(text: string): boolean {
  return canonical.test(text);
}

export function base64Length(text: string): number {
  const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0;
  return (text.length / 4) * 3 - padding;
}

/** Decodes canonical base64; throws `RangeError` for anything else. */
export function decodeBase64(text: string): Uint8Array<ArrayBuffer> {
  if (!canonical.test(text)) throw new RangeError('not canonical base64');
  const out = new Uint8Array(base64Length(text));
  let at = 0;
  for (let i = 0; i < text.length; i += 4) {
    const bits =
      (code(text, i) << 18) | (code(text, i + 1) << 12) | (code(text, i + 2) << 6) | code(text, i + 3);
    out[at++] = bits >> 16;
    if (at < out.length) out[at++] = (bits >> 8) & 0xff;
    if (at < out.length) out[at++] = bits & 0xff;
  }
  return out;
}

export function encodeBase64(bytes: Uint8Array): string {
  let out = '';
  for (let i = 0; i < bytes.length; i += 3) {
    const left = bytes.length - i;
    const bits = (byte(bytes, i) << 16) | (byte(bytes, i + 1) << 8) | byte(bytes, i + 2);
    out += ALPHABET.charAt(bits >> 18) + ALPHABET.charAt((bits >> 12) & 63);
    out += left > 1 ? ALPHABET.charAt((bits >> 6) & 63) : '=';
    out += left > 2 ? ALPHABET.charAt(bits & 63) : '=';
  }
  return out;
}

// '=' has code 0 in the table, and the pattern has already refused every other foreign character.
const code = (text: string, index: number): number => CODES[text.charCodeAt(index)] ?? 0;
const byte = (bytes: Uint8Array, index: number): number => bytes[index] ?? 0;
