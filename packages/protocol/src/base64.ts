/**
 * Strict standard base64 (RFC 4648 §4): one alphabet, padding required, unused trailing bits zero.
 * Exactly one text exists for each byte string; a second spelling would be a second valid message.
 */
const GROUP = '[A-Za-z0-9+/]{4}';
const TWO_BYTES = '[A-Za-z0-9+/]{2}[AEIMQUYcgkosw048]=';
const ONE_BYTE = '[A-Za-z0-9+/][AQgw]==';

/** Pattern of canonical base64 of exactly `bytes` bytes. */
export function base64PatternOf(bytes: number): string {
  const tail = bytes % 3 === 0 ? '' : bytes % 3 === 2 ? TWO_BYTES : ONE_BYTE;
  return `^(?:${GROUP}){${Math.floor(bytes / 3)}}${tail}$`;
}

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const CHARACTERS = new TextEncoder().encode(ALPHABET);
const PADDING = 0x3d;
const FOREIGN = 0xff;
/** Six bits by character code. */
const VALUES = new Uint8Array(128).fill(FOREIGN);
for (let i = 0; i < 64; i++) VALUES[ALPHABET.charCodeAt(i)] = i;
const latin = new TextDecoder();

/** By table: a pattern would take five times as long on a long text, and every chat goes through here. */
export function isBase64(text: string): boolean {
  const whole = text.length - paddingOf(text);
  let seen = 0;
  for (let i = 0; i < whole; i++) seen |= value(text, i);
  return text.length % 4 === 0 && seen < 64 && hasNoUnusedBits(text, whole);
}

export function base64Length(text: string): number {
  return (text.length / 4) * 3 - paddingOf(text);
}

/** Decodes canonical base64; throws `RangeError` for anything else. */
export function decodeBase64(text: string): Uint8Array<ArrayBuffer> {
  if (!isBase64(text)) throw new RangeError('not canonical base64');
  const out = new Uint8Array(base64Length(text));
  let at = 0;
  for (let i = 0; i < text.length; i += 4) {
    const c = value(text, i + 2);
    out[at] = (value(text, i) << 2) | (value(text, i + 1) >> 4);
    // What lies beyond the end of `out` is padding; a typed array drops it.
    out[at + 1] = (value(text, i + 1) << 4) | (c >> 2);
    out[at + 2] = (c << 6) | value(text, i + 3);
    at += 3;
  }
  return out;
}

export function encodeBase64(bytes: Uint8Array): string {
  const out = new Uint8Array(Math.ceil(bytes.length / 3) * 4).fill(PADDING);
  let at = 0;
  for (let i = 0; i < bytes.length; i += 3) {
    const left = bytes.length - i;
    const bits = (byte(bytes, i) << 16) | (byte(bytes, i + 1) << 8) | byte(bytes, i + 2);
    out[at] = byte(CHARACTERS, bits >> 18);
    out[at + 1] = byte(CHARACTERS, (bits >> 12) & 63);
    if (left > 1) out[at + 2] = byte(CHARACTERS, (bits >> 6) & 63);
    if (left > 2) out[at + 3] = byte(CHARACTERS, bits & 63);
    at += 4;
  }
  return latin.decode(out);
}

const paddingOf = (text: string): number => (text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0);
const value = (text: string, index: number): number => VALUES[text.charCodeAt(index)] ?? FOREIGN;
const byte = (bytes: Uint8Array, index: number): number => bytes[index] ?? 0;

/** Bits of the last character that belong to no byte must be zero: else several texts would mean one. */
function hasNoUnusedBits(text: string, whole: number): boolean {
  const unused = whole % 4 === 2 ? 0b1111 : whole % 4 === 3 ? 0b11 : 0;
  return (value(text, whole - 1) & unused) === 0;
}
