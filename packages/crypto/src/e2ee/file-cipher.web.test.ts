import { describe, expect, test } from '@jest/globals';
import { readVectors, small } from '#vector-files';
import { bytes } from './conformance/sets.ts';
import {
  FileNotGenuine,
  openFile,
  SEALED_SEGMENT_BYTES,
  SEGMENT_BYTES,
  sealedBytes,
  sealFile,
} from './file-cipher.ts';

type Case = { tcId: number; key: string; ctx: string; ct: string; msgSha512: string; result: string };

const context = new TextEncoder().encode('file_abc123');
const key = crypto.getRandomValues(new Uint8Array(32));

async function all(pieces: AsyncIterable<Uint8Array>): Promise<Uint8Array<ArrayBuffer>> {
  const parts: Uint8Array<ArrayBuffer>[] = [];
  for await (const piece of pieces) parts.push(Uint8Array.from(piece));
  return new Uint8Array(await new Blob(parts).arrayBuffer());
}
const seal = (plain: Uint8Array) => all(sealFile([plain], key, context));
const open = (sealed: Uint8Array, about = context, by = key) => all(openFile([sealed], by, about));
const pattern = (size: number) => Uint8Array.from({ length: size }, (_, at) => (at * 31) % 251);

test('Wycheproof: every verdict on chunked encryption is the same', async () => {
  const set = JSON.parse(
    await readVectors(small, 'wycheproof/c2sp_chunked_encryption_aes_256_gcm_test.json'),
  ) as { testGroups: { tests: Case[] }[] };
  const cases = set.testGroups.flatMap((group) => group.tests);
  expect(cases).toHaveLength(35);
  for (const { tcId, key: k, ctx, ct, msgSha512, result } of cases) {
    // compressed, because it is repetitive
    const inflated = new Blob([bytes(ct)]).stream().pipeThrough(new DecompressionStream('deflate'));
    const sealed = new Uint8Array(await new Response(inflated).arrayBuffer());
    const opened = await open(sealed, bytes(ctx), bytes(k)).catch(() => undefined);
    const digest = opened && new Uint8Array(await crypto.subtle.digest('SHA-512', opened));
    const verdict = digest?.every((byte, at) => byte === bytes(msgSha512)[at]) ? 'valid' : 'invalid';
    expect({ tcId, verdict }).toEqual({ tcId, verdict: result });
  }
});

test.each([0, 1, SEGMENT_BYTES - 1, SEGMENT_BYTES, SEGMENT_BYTES + 1, 3 * SEGMENT_BYTES, 50_000])(
  'a file of %d bytes comes out as it went in, and is as long as foretold',
  async (size) => {
    const sealed = await seal(pattern(size));
    expect(sealed).toHaveLength(sealedBytes(size));
    expect(await open(sealed)).toEqual(pattern(size));
  },
);

describe('what was done to the ciphertext is noticed:', () => {
  const HEADER = 56;
  const segment = (sealed: Uint8Array, n: number) =>
    sealed.slice(HEADER + n * SEALED_SEGMENT_BYTES, HEADER + (n + 1) * SEALED_SEGMENT_BYTES);
  const join = (...parts: Uint8Array[]): Promise<Uint8Array<ArrayBuffer>> =>
    all(
      (async function* () {
        yield* parts;
      })(),
    );
  const deeds: [string, (sealed: Uint8Array) => Promise<Uint8Array> | Uint8Array][] = [
    ['a bit of a segment flipped', (s) => s.map((byte, at) => (at === 20_000 ? byte ^ 1 : byte))],
    ['a bit of a tag flipped', (s) => s.map((byte, at) => (at === s.length - 1 ? byte ^ 1 : byte))],
    ['a bit of the salt flipped', (s) => s.map((byte, at) => (at === 0 ? byte ^ 1 : byte))],
    ['a bit of the commitment flipped', (s) => s.map((byte, at) => (at === 40 ? byte ^ 1 : byte))],
    [
      'two segments exchanged',
      (s) => join(s.slice(0, HEADER), segment(s, 1), segment(s, 0), segment(s, 2), segment(s, 3)),
    ],
    ['a segment dropped', (s) => join(s.slice(0, HEADER), segment(s, 0), segment(s, 2), segment(s, 3))],
    [
      'a segment doubled',
      (s) =>
        join(s.slice(0, HEADER), segment(s, 0), segment(s, 0), segment(s, 1), segment(s, 2), segment(s, 3)),
    ],
    ['cut off between two segments', (s) => s.slice(0, HEADER + 2 * SEALED_SEGMENT_BYTES)],
    ['cut off within one', (s) => s.slice(0, -5)],
    ['cut off behind the header', (s) => s.slice(0, HEADER)],
    ['nothing left', () => new Uint8Array(0)],
    ['the last segment doubled', (s) => join(s, segment(s, 3))],
    ['something added', (s) => join(s, new Uint8Array(1))],
  ];
  test.each(deeds)('%s', async (_, deed) => {
    const sealed = await seal(pattern(3 * SEGMENT_BYTES + 100));
    await expect(open(await deed(sealed))).rejects.toThrow(FileNotGenuine);
  });

  test('another file, or another key', async () => {
    const sealed = await seal(pattern(100));
    await expect(open(sealed, new TextEncoder().encode('file_abc124'))).rejects.toThrow(FileNotGenuine);
    await expect(open(sealed, context, new Uint8Array(32))).rejects.toThrow(FileNotGenuine);
  });

  test('the same file twice has nothing in common', async () => {
    const [first, second] = [await seal(pattern(100)), await seal(pattern(100))];
    expect(first.slice(0, 24)).not.toEqual(second.slice(0, 24));
    expect(first.slice(HEADER)).not.toEqual(second.slice(HEADER));
  });
});
