import { expect, test } from '@jest/globals';
import { padded, paddedSize } from './padding.ts';

test('sizes come in few steps, none less than it is and none more than an eighth above', () => {
  const sizes = Array.from({ length: 20_000 }, (_, n) => n * 7);
  const steps = new Set(sizes.map(paddedSize));
  for (const size of sizes) {
    expect(paddedSize(size)).toBeGreaterThanOrEqual(size);
    expect(paddedSize(size)).toBeLessThanOrEqual(Math.max(size + 1, size * 1.125));
    expect(paddedSize(paddedSize(size))).toBe(paddedSize(size));
  }
  expect(steps.size).toBeLessThan(200);
});

test('what is added is zeros, in pieces of a bounded size', async () => {
  async function* content() {
    yield Uint8Array.of(1, 2, 3);
  }
  const parts: Uint8Array[] = [];
  for await (const part of padded(content(), 200_000)) parts.push(part);
  expect(Math.max(...parts.map(({ length }) => length))).toBeLessThanOrEqual(64 * 1024);
  const bytes = new Uint8Array(await new Blob(parts as BlobPart[]).arrayBuffer());
  expect([bytes.length, ...bytes.slice(0, 4), bytes.slice(3).some((byte) => byte !== 0)]).toEqual([
    200_000,
    1,
    2,
    3,
    0,
    false,
  ]);
});
