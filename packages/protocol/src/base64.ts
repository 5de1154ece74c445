/**
 * Strict standard base64 (RFC 4648 §4): one alphabet, padding required, unused trailing bits zero. Each byte string
 * has exactly one encoding; a second one would be a second valid message.
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
/** Six-bit values by character code. */
const VALUES = new Uint8Array(256).fill(FOREIGN);
for (let i = 0; i < 64; i++) VALUES[ALPHABET.charCodeAt(i)] = i;
const utf8 = new TextEncoder();
const latin = new TextDecoder();
/** Buffer for the characters of the current text: memory access is twenty times as fast as asking a string for each one. */
let scratch = new Uint8Array(1024);

/** By table: a regular expression would be slower on a long text, and every chat goes through here. */
export function isBase64(text: string): boolean {
  return text.length % 4 === 0 && isCanonical(charactersOf(text), text.length);
}

export function base64Length(text: string): number {
  return (text.length / 4) * 3 - (text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0);
}

/** Decodes canonical base64; throws `RangeError` for anything else. */
export function decodeBase64(text: string): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(base64Length(text));
  decodeBase64Into(out, 0, text);
  return out;
}

/** The same, from `out[at]` on. Up to two bytes after the decoded ones are overwritten, if `out` has any. */
export function decodeBase64Into(out: Uint8Array, at: number, text: string): void {
  const characters = charactersOf(text);
  if (text.length % 4 !== 0 || !isCanonical(characters, text.length))
    throw new RangeError('not canonical base64');
  for (let i = 0; i < text.length; i += 4) {
    const b = value(characters, i + 1);
    const c = value(characters, i + 2);
    out[at] = (value(characters, i) << 2) | (b >> 4);
    // Anything beyond the end of `out` is padding; a typed array drops it.
    out[at + 1] = (b << 4) | (c >> 2);
    out[at + 2] = (c << 6) | value(characters, i + 3);
    at += 3;
  }
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

const value = (characters: Uint8Array, index: number): number =>
  VALUES[characters[index] ?? FOREIGN] ?? FOREIGN;
const byte = (bytes: Uint8Array, index: number): number => bytes[index] ?? 0;

/** The text's UTF-8. Non-ASCII text yields bytes that base64 does not contain. Valid until the next call. */
function charactersOf(text: string): Uint8Array {
  if (scratch.length < text.length * 3) scratch = new Uint8Array(text.length * 3);
  utf8.encodeInto(text, scratch);
  return scratch;
}

/**
 * Only characters of the alphabet before the padding, and zero for bits of the last one that belong to no byte;
 * otherwise several texts would encode the same bytes.
 */
function isCanonical(characters: Uint8Array, length: number): boolean {
  let whole = length;
  while (whole > length - 2 && characters[whole - 1] === PADDING) whole--;
  let seen = 0;
  for (let i = 0; i < whole; i++) seen |= value(characters, i);
  const unused = whole % 4 === 2 ? 0b1111 : whole % 4 === 3 ? 0b11 : 0;
  return seen < 64 && (value(characters, whole - 1) & unused) === 0;
}

/** Base64url without padding (RFC 4648 §5): for ids and codes, not for the byte strings of messages. */
export function encodeBase64Url(bytes: Uint8Array): string {
  return encodeBase64(bytes).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}
