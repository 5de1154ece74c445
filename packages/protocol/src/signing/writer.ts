import { base64Length, decodeBase64Into } from '../base64.ts';

/**
 * Builds the exact bytes that are signed:
 *
 *     transcript = u8 length of label, label, field*      label = ASCII "SecureChat/1 <context>"
 *     field      = u8 tag, u32 length, value              ascending tags; an absent field is not written
 *     string     = UTF-8 of the JSON string as sent       integer = u64       boolean = one byte
 *     base64     = the decoded bytes
 *     list       = (u8 kind, u32 length, bytes)*
 *     map        = entries by ascending UTF-8 key: u16 length of key, key, u8 kind, u32 length, bytes
 *
 * All numbers big-endian. Every value has a tag and a length, so two different messages never give the same
 * bytes, and no JSON canonicalisation is needed.
 */
const KIND_STRING = 1;
const KIND_INTEGER = 2;
const KIND_BOOLEAN = 3;

const utf8 = new TextEncoder();

export type Scalar = string | number | boolean;
export type FlatMap = Readonly<Record<string, Scalar>>;

export class TranscriptWriter {
  #bytes = new Uint8Array(1024);
  #view = new DataView(this.#bytes.buffer);
  #length = 0;

  /** Starts the next transcript in the same buffer; a fresh one each time costs as much as the fields. */
  start(label: string): void {
    this.#length = 0;
    this.#u8(label.length);
    this.#utf8(label);
  }

  finish(): Uint8Array<ArrayBuffer> {
    return this.#bytes.slice(0, this.#length);
  }

  string(tag: number, value: string): void {
    const start = this.#open(tag);
    this.#utf8(value);
    this.#close(start);
  }

  integer(tag: number, value: number): void {
    const start = this.#open(tag);
    this.#u64(value);
    this.#close(start);
  }

  boolean(tag: number, value: boolean): void {
    const start = this.#open(tag);
    this.#u8(value ? 1 : 0);
    this.#close(start);
  }

  base64(tag: number, text: string): void {
    const start = this.#open(tag);
    this.#room(text.length);
    decodeBase64Into(this.#bytes, start, text);
    this.#length += base64Length(text);
    this.#close(start);
  }

  list(tag: number, values: readonly Scalar[]): void {
    const start = this.#open(tag);
    for (const value of values) this.#scalar(value);
    this.#close(start);
  }

  map(tag: number, value: FlatMap): void {
    const start = this.#open(tag);
    const entries = Object.entries(value).map(([key, entry]) => ({ key: encodeKey(key), entry }));
    entries.sort((a, b) => compareBytes(a.key, b.key));
    for (const { key, entry } of entries) {
      this.#u16(key.length);
      this.#raw(key);
      this.#scalar(entry);
    }
    this.#close(start);
  }

  #scalar(value: Scalar): void {
    if (typeof value === 'string') this.string(KIND_STRING, value);
    else if (typeof value === 'number') this.integer(KIND_INTEGER, value);
    else if (typeof value === 'boolean') this.boolean(KIND_BOOLEAN, value);
    else throw new TypeError('only strings, whole numbers and booleans can be signed');
  }

  /** Writes a tag (or kind) and reserves the length of what follows; returns where that starts. */
  #open(tag: number): number {
    this.#u8(tag);
    this.#room(4);
    this.#length += 4;
    return this.#length;
  }

  #close(start: number): void {
    this.#view.setUint32(start - 4, this.#length - start);
  }

  #utf8(value: string): void {
    if (!value.isWellFormed()) throw new TypeError('a lone surrogate cannot be signed');
    this.#room(value.length * 3);
    let at = 0;
    // most of what is signed is short and ASCII: an encoder and a view for it would cost more
    while (value.charCodeAt(at) < 0x80) this.#bytes[this.#length + at] = value.charCodeAt(at++);
    this.#length +=
      at === value.length ? at : utf8.encodeInto(value, this.#bytes.subarray(this.#length)).written;
  }

  #raw(value: Uint8Array): void {
    this.#room(value.length);
    this.#bytes.set(value, this.#length);
    this.#length += value.length;
  }

  #u8(value: number): void {
    this.#room(1);
    this.#bytes[this.#length++] = value;
  }

  #u16(value: number): void {
    this.#room(2);
    this.#view.setUint16(this.#length, value);
    this.#length += 2;
  }

  #u64(value: number): void {
    if (!Number.isSafeInteger(value) || value < 0 || Object.is(value, -0)) {
      throw new TypeError('only whole numbers from 0 to 2^53-1 can be signed');
    }
    this.#room(8);
    this.#view.setUint32(this.#length, Math.floor(value / 0x1_0000_0000));
    this.#view.setUint32(this.#length + 4, value >>> 0);
    this.#length += 8;
  }

  #room(bytes: number): void {
    if (this.#length + bytes <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(this.#bytes.length * 2, this.#length + bytes));
    grown.set(this.#bytes);
    this.#bytes = grown;
    this.#view = new DataView(grown.buffer);
  }
}

/** A key's length takes two bytes, and replacement characters must not make two keys equal. */
function encodeKey(key: string): Uint8Array {
  if (!key.isWellFormed()) throw new TypeError('a lone surrogate cannot be signed');
  const bytes = utf8.encode(key);
  if (bytes.length > 0xffff) throw new RangeError('a key is too long to be signed');
  return bytes;
}

function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const shared = Math.min(a.length, b.length);
  for (let i = 0; i < shared; i++) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}
