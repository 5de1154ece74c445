import { expect, test } from '@jest/globals';
import { smallPicture } from './small-picture.ts';

/** The start of a PNG, which contains its size; the rest is empty. */
function png(width: number, height: number): Uint8Array {
  const bytes = Buffer.from('89504e470d0a1a0a0000000d4948445200000000000000000100000000', 'hex');
  bytes.writeUInt32BE(width, 16);
  bytes.writeUInt32BE(height, 20);
  return new Uint8Array(bytes);
}

test('a picture is shown as the kind that its bytes say', async () => {
  const shown = smallPicture(png(96, 96));
  expect(shown?.type).toBe('image/png');
  expect(new Uint8Array((await shown?.arrayBuffer()) ?? new ArrayBuffer())).toEqual(png(96, 96));
});

test.each([
  ['of a few bytes that stand for gigabytes of pixels', png(30_000, 30_000)],
  ['that is a drawing with scripts', new TextEncoder().encode('<svg xmlns="http://www.w3.org/2000/svg"/>')],
  ['that is nothing', new Uint8Array(0)],
])('one %s is not shown', (_, bytes) => {
  expect(smallPicture(bytes)).toBeUndefined();
});
