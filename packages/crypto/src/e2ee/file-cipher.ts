import { concat } from '@securechat/protocol';
import { owned } from './bytes.ts';

/**
 * File encryption: C2SP chunked-encryption with AES-256-GCM and SHA-512 ("Cobblestone-256"), by WebCrypto. A header with a random salt
 * and a commitment to key and context, then segments, each with its position in its nonce. The last segment is shorter than the others,
 * so a file truncated even between segments is detected.
 */
export const FILE_KEY_BYTES = 32;
export const SEGMENT_BYTES = 16_384;
export const SEALED_SEGMENT_BYTES = SEGMENT_BYTES + 16;
const SALT_BYTES = 24;
const COMMITMENT_BYTES = 32;
const FILE_HEADER_BYTES = SALT_BYTES + COMMITMENT_BYTES;

/** The file was not sealed with this key for this context, or was changed or truncated. One text for all reasons. */
export class FileNotGenuine extends Error {
  override readonly name = 'FileNotGenuine';
  constructor(options?: ErrorOptions) {
    super('The file cannot be decrypted', options);
  }
}

/** Ciphertext size for this plaintext size, in bytes. */
export function sealedBytes(plainBytes: number): number {
  const whole = Math.floor(plainBytes / SEGMENT_BYTES);
  return FILE_HEADER_BYTES + whole * SEALED_SEGMENT_BYTES + (plainBytes % SEGMENT_BYTES) + 16;
}

type Pieces = AsyncIterable<Uint8Array> | Iterable<Uint8Array>;
/** The type has a name only in browsers. */
type AeadKey = Awaited<ReturnType<typeof crypto.subtle.importKey>>;
type Keys = { aead: AeadKey; baseNonce: Uint8Array; commitment: Uint8Array };

/** Ciphertext in pieces. Use `key` for one file only; `context` says which. */
export async function* sealFile(
  plain: Pieces,
  key: Uint8Array,
  context: Uint8Array,
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  const salt = crypto.getRandomValues(new Uint8Array(SALT_BYTES));
  const keys = await keysOf(key, salt, context);
  yield concat(salt, keys.commitment);
  let index = 0;
  for await (const segment of cut(plain, SEGMENT_BYTES)) {
    const iv = nonceOf(keys.baseNonce, index++);
    yield new Uint8Array(await crypto.subtle.encrypt({ name: 'AES-GCM', iv }, keys.aead, owned(segment)));
  }
}

/** Authenticated plaintext in pieces; only the end shows that the file is complete. Throws `FileNotGenuine`. */
export async function* openFile(
  sealed: Pieces,
  key: Uint8Array,
  context: Uint8Array,
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  let keys: Keys | undefined;
  let index = 0;
  let isOver = false;
  for await (const piece of withHeader(sealed)) {
    if (!keys) {
      keys = await keysOfHeader(piece, key, context);
      continue;
    }
    if (isOver) throw new FileNotGenuine();
    const plain = await openSegment(keys, index++, piece);
    isOver = plain.length < SEGMENT_BYTES;
    if (plain.length > 0) yield plain;
  }
  if (!isOver) throw new FileNotGenuine();
}

async function openSegment(keys: Keys, index: number, piece: Uint8Array): Promise<Uint8Array<ArrayBuffer>> {
  const iv = nonceOf(keys.baseNonce, index);
  try {
    return new Uint8Array(await crypto.subtle.decrypt({ name: 'AES-GCM', iv }, keys.aead, owned(piece)));
  } catch (cause) {
    throw new FileNotGenuine({ cause });
  }
}

async function keysOfHeader(header: Uint8Array, key: Uint8Array, context: Uint8Array): Promise<Keys> {
  if (header.length !== FILE_HEADER_BYTES || key.length !== FILE_KEY_BYTES) throw new FileNotGenuine();
  const keys = await keysOf(key, header.subarray(0, SALT_BYTES), context);
  const claimed = header.subarray(SALT_BYTES);
  let difference = 0;
  for (const [at, byte] of keys.commitment.entries()) difference |= byte ^ (claimed[at] ?? 0);
  if (difference !== 0) throw new FileNotGenuine();
  return keys;
}

const LABEL = new TextEncoder().encode('c2sp.org/chunked-encryption@v1+AEAD_AES_256_GCM\0');
const NONCE_BYTES = 12;

async function keysOf(key: Uint8Array, salt: Uint8Array, context: Uint8Array): Promise<Keys> {
  const derived = await expand(key, concat(LABEL, salt, context), 32 + NONCE_BYTES + COMMITMENT_BYTES);
  const aead = await crypto.subtle.importKey('raw', derived.slice(0, 32), 'AES-GCM', false, [
    'encrypt',
    'decrypt',
  ]);
  return { aead, baseNonce: derived.slice(32, 44), commitment: derived.slice(44) };
}

/** HKDF-Expand (RFC 5869) with SHA-512; WebCrypto's HKDF would extract first. */
async function expand(key: Uint8Array, info: Uint8Array, length: number): Promise<Uint8Array<ArrayBuffer>> {
  const hmac = { name: 'HMAC', hash: 'SHA-512' };
  const prk = await crypto.subtle.importKey('raw', owned(key), hmac, false, ['sign']);
  let block: Uint8Array = new Uint8Array(0);
  let output: Uint8Array<ArrayBuffer> = new Uint8Array(0);
  for (let counter = 1; output.length < length; counter++) {
    block = new Uint8Array(
      await crypto.subtle.sign('HMAC', prk, concat(block, info, Uint8Array.of(counter))),
    );
    output = concat(output, block);
  }
  return output.slice(0, length);
}

/** The last five bytes hold the position. */
function nonceOf(base: Uint8Array, index: number): Uint8Array<ArrayBuffer> {
  const nonce = Uint8Array.from(base);
  for (let at = NONCE_BYTES - 1, rest = index; rest > 0; at--, rest = Math.floor(rest / 256))
    nonce[at] = (nonce[at] ?? 0) ^ (rest % 256);
  return nonce;
}

/** The header, then sealed segments, of which the last is shorter. */
async function* withHeader(sealed: Pieces): AsyncGenerator<Uint8Array> {
  let isHeader = true;
  for await (const piece of cut(sealed, () => (isHeader ? FILE_HEADER_BYTES : SEALED_SEGMENT_BYTES))) {
    // even an empty last segment has its tag, so no bytes means no further segment
    if (!isHeader && piece.length === 0) return;
    isHeader = false;
    yield piece;
  }
}

/** Pieces of this size, and a shorter last one, possibly empty. */
export async function* cut(
  pieces: Pieces,
  size: number | (() => number),
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  const sizeNow = typeof size === 'number' ? () => size : size;
  let piece = new Uint8Array(sizeNow());
  let filled = 0;
  for await (const given of pieces) {
    for (let at = 0; at < given.length; ) {
      const part = given.subarray(at, at + piece.length - filled);
      piece.set(part, filled);
      filled += part.length;
      at += part.length;
      if (filled < piece.length) continue;
      yield piece;
      piece = new Uint8Array(sizeNow());
      filled = 0;
    }
  }
  yield piece.slice(0, filled);
}
