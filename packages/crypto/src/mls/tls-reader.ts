/** The bytes are not exactly one well-formed value of the structure. */
export class TlsFormError extends Error {
  override readonly name = 'TlsFormError';
}

/**
 * Reads the TLS presentation language as MLS uses it (RFC 9420 §2.1): fixed-size integers, and vectors with a variable-length integer as
 * length. Strict: a length must have its shortest encoding, and nothing may be missing. Returns views of the input.
 */
export class TlsReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** Offset of the next value. */
  get at(): number {
    return this.#at;
  }

  get isAtEnd(): boolean {
    return this.#at === this.#bytes.length;
  }

  u8(): number {
    return this.#view.getUint8(this.#take(1));
  }

  u16(): number {
    return this.#view.getUint16(this.#take(2));
  }

  u64(): bigint {
    return this.#view.getBigUint64(this.#take(8));
  }

  /** `opaque value<V>` */
  opaque(): Uint8Array {
    const length = this.#length();
    const start = this.#take(length);
    return this.#bytes.subarray(start, start + length);
  }

  /** `T values<V>`: elements that fill the vector exactly. */
  list<T>(read: (reader: TlsReader) => T): T[] {
    const inner = new TlsReader(this.opaque());
    const values: T[] = [];
    while (!inner.isAtEnd) values.push(read(inner));
    return values;
  }

  /** The two highest bits of the first byte give the size of the length. */
  #length(): number {
    const first = this.u8();
    const prefix = first >> 6;
    let length = first & 0x3f;
    for (let more = (1 << prefix) - 1; more > 0; more--) length = length * 256 + this.u8();
    const isShortest =
      prefix === 0 || (prefix === 1 && length >= 1 << 6) || (prefix === 2 && length >= 1 << 14);
    if (!isShortest) throw new TlsFormError('a length is not in its shortest form');
    return length;
  }

  #take(bytes: number): number {
    const start = this.#at;
    if (bytes > this.#bytes.length - start) throw new TlsFormError('the bytes end too soon');
    this.#at += bytes;
    return start;
  }
}
