import { concat } from '@securechat/protocol';
import { randomBytes } from '../bytes.ts';
import { gzip } from '../content/gzip.ts';
import { HistoryNotReadable } from './errors.ts';

/**
 * History file: magic (4 bytes), version (1), rounds (u32be), salt (16), nonce (12), then AES-256-GCM over the gzipped JSON; everything
 * before the ciphertext is authenticated as well. The key is PBKDF2-HMAC-SHA-256 of the passphrase.
 */
const MAGIC = [0x53, 0x43, 0x48, 0x58];
const VERSION = 1;
/** OWASP's recommendation of 2023 for this function; about 0.3 s. A file states its own number, within bounds. */
const ROUNDS = 600_000;
const MAX_ROUNDS = 10_000_000;
const SALT_AT = 9;
const NONCE_AT = 25;
const HEADER_BYTES = 37;
const MIN_PASSPHRASE = 8;

export async function sealHistory(
  history: Uint8Array<ArrayBuffer>,
  passphrase: string,
): Promise<Uint8Array<ArrayBuffer>> {
  if (passphrase.length < MIN_PASSPHRASE)
    throw new RangeError(`a passphrase has at least ${MIN_PASSPHRASE} characters`);
  const header = concat(new Uint8Array([...MAGIC, VERSION]), new Uint8Array(4), randomBytes(28));
  new DataView(header.buffer).setUint32(5, ROUNDS);
  const key = await keyOf(passphrase, header, ['encrypt']);
  const sealed = await crypto.subtle.encrypt(algorithmOf(header), key, await gzip(history));
  return concat(header, new Uint8Array(sealed));
}

export async function openHistory(file: Uint8Array, passphrase: string): Promise<Uint8Array<ArrayBuffer>> {
  const header = file.slice(0, HEADER_BYTES);
  if (header.length < HEADER_BYTES || MAGIC.some((byte, index) => header[index] !== byte)) {
    throw new HistoryNotReadable('it is no history');
  }
  if (header[4] !== VERSION) throw new HistoryNotReadable('it is of a newer version');
  const key = await keyOf(passphrase, header, ['decrypt']);
  let zipped: ArrayBuffer;
  try {
    zipped = await crypto.subtle.decrypt(algorithmOf(header), key, file.slice(HEADER_BYTES));
  } catch (cause) {
    throw new HistoryNotReadable('the passphrase is another one, or the file was changed', { cause });
  }
  // authenticated, so made by somebody who knew the passphrase; its size needs no limit
  const stream = new Blob([zipped]).stream().pipeThrough(new DecompressionStream('gzip'));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

function algorithmOf(header: Uint8Array<ArrayBuffer>): AesGcmParams {
  return { name: 'AES-GCM', iv: header.subarray(NONCE_AT), additionalData: header };
}

async function keyOf(
  passphrase: string,
  header: Uint8Array<ArrayBuffer>,
  usages: KeyUsage[],
): Promise<CryptoKey> {
  const iterations = new DataView(header.buffer).getUint32(5);
  if (iterations < 1 || iterations > MAX_ROUNDS) throw new HistoryNotReadable('it is no history');
  // one encoding for each passphrase, whatever keyboard it was typed on
  const password = new TextEncoder().encode(passphrase.normalize('NFKC'));
  const material = await crypto.subtle.importKey('raw', password, 'PBKDF2', false, ['deriveKey']);
  const salt = header.subarray(SALT_AT, NONCE_AT);
  return crypto.subtle.deriveKey(
    { name: 'PBKDF2', hash: 'SHA-256', salt, iterations },
    material,
    { name: 'AES-GCM', length: 256 },
    false,
    usages,
  );
}
