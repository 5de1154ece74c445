// What the protocol's own code uses and k6's engine lacks.
const LONE_SURROGATE = /[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/;

String.prototype.isWellFormed ??= function (this: string): boolean {
  return !LONE_SURROGATE.test(this);
};

const Native = TextEncoder;

/** The native one makes objects that have nothing but `encode`. */
globalThis.TextEncoder = class {
  readonly encoding = 'utf-8';
  readonly #native = new Native();

  encode(text = ''): Uint8Array<ArrayBuffer> {
    return Uint8Array.from(this.#native.encode(text));
  }

  encodeInto(text: string, into: Uint8Array) {
    const bytes = this.encode(text);
    into.set(bytes);
    return { read: text.length, written: bytes.length };
  }
};
