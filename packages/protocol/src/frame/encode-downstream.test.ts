import { expect, test } from '@jest/globals';
import type { Downstream } from '../catalog.ts';
import { HEADER_BYTES } from '../limits.ts';
import { decodeDownstream } from './decode.ts';
import { encodeDownstream } from './encode-downstream.ts';
import { readHeader } from './header.ts';

/** Sizes around that of the buffer for small frames, in letters of one and of three bytes. */
const names = [0, 1, 1_000, 1_350, 1_360, 1_362, 2_000, 4_080, 5_000].flatMap((length) => [
  'a'.repeat(length),
  '語'.repeat(length),
]);
const typing = (chat_id: string): Downstream<'typing'> => ({
  ...{ type: 'typing', chat_id, user_id: 'u', typing: true, expires_at: 1 },
});

test('a frame holds the message, whatever its size', () => {
  for (const name of names) {
    const frame = encodeDownstream('typing', typing(name));
    const { length } = readHeader(frame, 0, () => Number.POSITIVE_INFINITY);
    expect(frame.length).toBe(HEADER_BYTES + length);
    expect(JSON.parse(new TextDecoder().decode(frame.subarray(HEADER_BYTES)))).toEqual(typing(name));
  }
});

test('a frame keeps its bytes when the next one is made', () => {
  const pong = (sequence: number) => encodeDownstream('pong', { type: 'pong', sequence, timestamp: 1 });
  const frames = [1, 2, 3].map(pong);
  const read = frames.map((frame) => {
    const { type } = readHeader(frame, 0, () => 1_000);
    return decodeDownstream(type, frame.subarray(HEADER_BYTES));
  });
  expect(read).toMatchObject([{ sequence: 1 }, { sequence: 2 }, { sequence: 3 }]);
});
