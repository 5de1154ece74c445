import { concat } from '@securechat/protocol';

/** An account as others know it. */
export type Party = { readonly userId: string; readonly accountKey: Uint8Array };

const LABEL = 'SecureChat/1 safety-number';
/** Makes it costlier to search for keys with equal digits; takes about a tenth of a second. */
const ROUNDS = 5_200;
/** Per party: 6 groups of 5 digits, from 5 bytes each, about 100 bits. */
const GROUPS = 6;
const GROUP_BYTES = 5;

const utf8 = new TextEncoder();

/**
 * 60 digits in 12 groups of five, identical on both sides: 30 per account, in ascending order. Two people reading the same number have
 * each other's true account keys, whatever servers say.
 */
export async function safetyNumber(one: Party, other: Party): Promise<string> {
  const halves = await Promise.all([digitsOf(one), digitsOf(other)]);
  return halves.sort().join(' ');
}

async function digitsOf({ userId, accountKey }: Party): Promise<string> {
  const id = utf8.encode(userId);
  const seed = concat(utf8.encode(LABEL), Uint8Array.of(accountKey.length), accountKey, id);
  let hash = await sha512(seed);
  for (let round = 1; round < ROUNDS; round++) hash = await sha512(concat(hash, accountKey, id));
  const groups = Array.from({ length: GROUPS }, (_, index) => {
    const bytes = hash.subarray(index * GROUP_BYTES, (index + 1) * GROUP_BYTES);
    const number = bytes.reduce((sum, byte) => sum * 256 + byte, 0);
    return String(number % 100_000).padStart(5, '0');
  });
  return groups.join(' ');
}

async function sha512(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await crypto.subtle.digest('SHA-512', bytes));
}
