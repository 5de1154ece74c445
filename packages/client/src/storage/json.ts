const utf8 = new TextEncoder();
const text = new TextDecoder();

/** For values we wrote ourselves, so reading needs no validation. */
export function toBytes(value: unknown): Uint8Array<ArrayBuffer> {
  return utf8.encode(JSON.stringify(value));
}

export function fromBytes<T>(bytes: Uint8Array): T {
  return JSON.parse(text.decode(bytes)) as T;
}
