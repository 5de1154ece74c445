import { decodeBase64 } from '../base64.ts';

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

  constructor(label: string) {
    const ascii = utf8.encode(label);
    this.#u8(ascii.length);
    this.#raw(ascii);
  }

  finish(): Uint8Array<ArrayBuffer> {
    return this.#bytes.slice(0, this.#length);
  }

  string(tag: number, value: string): void {
    this.#sized(tag, () => this.#utf8(value));
  }

  integer(tag: number, value: number): void {
    this.#sized(tag, () => this.#u64(value));
  }

  boolean(tag: number, value: boolean): void {
    this.#sized(tag, () => this.#u8(value ? 1 : 0));
  }

  bytes(tag: number, value: Uint8Array): void {
    this.#sized(tag, () => this.#raw(value));
  }

  base64(tag: number, text: string): void {
    this.bytes(tag, decodeBase64(text));
  }

  list(tag: number, values: readonly Scalar[]): void {
    this.#sized(tag, () => {
      for (const value of values) this.#scalar(value);
    });
  }

  map(tag: number, value: FlatMap): void {
    const entries = Object.entries(value).map(([key, entry]) => ({ key: utf8.encode(key), entry }));
    entries.sort((a, b) => compareBytes(a.key, b.key));
    this.#sized(tag, () => {
      for (const { key, entry } of entries) {
        this.#u16(key.length);
        this.#raw(key);
        this.#scalar(entry);
      }
    });
  }

  #scalar(value: Scalar): void {
    if (typeof value === 'string') this.#sized(KIND_STRING, () => this.#utf8(value));
    else if (typeof value === 'number') this.#sized(KIND_INTEGER, () => this.#u64(value));
    else if (typeof value === 'boolean') this.#sized(KIND_BOOLEAN, () => this.#u8(value ? 1 : 0));
    else throw new TypeError('only strings, whole numbers and booleans can be signed');
  }

  /** Writes a tag (or kind) and the length of what `write` then writes. */
  #sized(tag: number, write: () => void): void {
    this.#u8(tag);
    this.#room(4);
    const lengthAt = this.#length;
    this.#length += 4;
    write();
    this.#view.setUint32(lengthAt, this.#length - lengthAt - 4);
  }

  #utf8(value: string): void {
    if (!value.isWellFormed()) throw new TypeError('a lone surrogate cannot be signed');
    this.#room(value.length * 3);
    this.#length += utf8.encodeInto(value, this.#bytes.subarray(this.#length)).written;
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

function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const shared = Math.min(a.length, b.length);
  for (let i = 0; i < shared; i++) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}
