import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { ProtocolError } from '../errors.ts';
import { HEADER_BYTES, MAX_CHAT_BYTES, MAX_DEFAULT_BYTES } from '../limits.ts';
import { encodeFrame } from './encode.ts';
import { writeHeader } from './header.ts';
import { upstreamLimit } from './limit-for.ts';
import { type Frame, FrameReader } from './reader.ts';

const PING = 0x0005;
const CHAT = 0x0301;

const payloadOf = (length: number): Uint8Array => Uint8Array.from({ length }, (_, index) => index * 7);
const headerOf = (type: number, length: number): Uint8Array => {
  const header = new Uint8Array(HEADER_BYTES);
  writeHeader(header, type, length);
  return header;
};
const join = (pieces: Uint8Array[]): Uint8Array => new Uint8Array(pieces.flatMap((piece) => [...piece]));

/** Everything the reader gives for these chunks. Payloads are copied: they may be views of a chunk. */
function readAll(chunks: Iterable<Uint8Array>, reader = new FrameReader(upstreamLimit)): Frame[] {
  const frames: Frame[] = [];
  for (const chunk of chunks) {
    reader.read(chunk, ({ type, payload }) => frames.push({ type, payload: payload.slice() }));
  }
  return frames;
}

function refusalOf(read: () => unknown): ProtocolError {
  try {
    read();
  } catch (error) {
    if (error instanceof ProtocolError) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}

const three = [
  { type: PING, payload: payloadOf(3) },
  { type: CHAT, payload: payloadOf(0) },
  { type: CHAT, payload: payloadOf(20) },
];
const stream = join(three.map(({ type, payload }) => encodeFrame(type, payload)));

test('frames packed into one chunk come out one by one', () => {
  expect(readAll([stream])).toEqual(three);
});

test('a frame that lies whole inside a chunk is not copied', () => {
  const chunk = encodeFrame(PING, payloadOf(3));
  new FrameReader(upstreamLimit).read(chunk, ({ payload }) => expect(payload.buffer).toBe(chunk.buffer));
});

test('a split at any place gives the same frames', () => {
  for (let first = 0; first <= stream.length; first++) {
    for (let second = first; second <= stream.length; second++) {
      const chunks = [stream.subarray(0, first), stream.subarray(first, second), stream.subarray(second)];
      expect(readAll(chunks)).toEqual(three);
    }
  }
});

test('chunks of one byte give the same frames', () => {
  expect(readAll(Array.from(stream, (byte) => Uint8Array.of(byte)))).toEqual(three);
});

test('a stream cut anywhere gives the frames that were whole, and knows whether one has begun', () => {
  let end = 0;
  const ends = three.map(({ payload }) => (end += HEADER_BYTES + payload.length));
  for (let cut = 0; cut < stream.length; cut++) {
    const reader = new FrameReader(upstreamLimit);
    expect(readAll([stream.subarray(0, cut)], reader)).toHaveLength(ends.filter((at) => at <= cut).length);
    expect(reader.isBetweenFrames).toBe(cut === 0 || ends.includes(cut));
  }
});

test('a frame without payload is a frame, however its header is split', () => {
  const empty = encodeFrame(PING, new Uint8Array(0));
  for (let cut = 0; cut <= HEADER_BYTES; cut++) {
    const reader = new FrameReader(upstreamLimit);
    expect(readAll([empty.subarray(0, cut), empty.subarray(cut)], reader)).toEqual([
      { type: PING, payload: new Uint8Array(0) },
    ]);
    expect(reader.isBetweenFrames).toBe(true);
  }
});

test('a payload as long as its type allows is read, in one chunk and in many', () => {
  const frame = encodeFrame(CHAT, payloadOf(MAX_CHAT_BYTES));
  const pieces = Array.from({ length: 67 }, (_, index) => frame.subarray(index * 1000, index * 1000 + 1000));
  expect(readAll([frame])[0]?.payload).toEqual(payloadOf(MAX_CHAT_BYTES));
  expect(readAll(pieces)[0]?.payload).toEqual(payloadOf(MAX_CHAT_BYTES));
});

test('arbitrary frames in arbitrary chunks come out as they went in', () => {
  const frame = fc.record({
    type: fc.integer({ min: 0, max: 0xffff }),
    payload: fc.uint8Array({ maxLength: 300 }),
  });
  fc.assert(
    fc.property(fc.array(frame, { maxLength: 6 }), fc.array(fc.nat(), { maxLength: 12 }), (frames, cuts) => {
      const bytes = join(frames.map(({ type, payload }) => encodeFrame(type, payload)));
      const places = cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b);
      const chunks = [0, ...places].map((start, index) => bytes.subarray(start, places[index]));
      expect(readAll(chunks)).toEqual(frames);
    }),
    { numRuns: 300 },
  );
});

describe('a header that is refused', () => {
  const withByte = (header: Uint8Array, at: number, value: number): Uint8Array => {
    header[at] = value;
    return header;
  };
  const tooLong = (type: number, length: number): Uint8Array => headerOf(type, length);

  test.each([
    ['wrong magic', withByte(headerOf(PING, 2), 3, 0x55), 'INVALID_MESSAGE_FORMAT', { path: 'magic' }],
    ['version 2', withByte(headerOf(PING, 2), 5, 2), 'UNSUPPORTED_VERSION', { supported_versions: [1] }],
    ['version 257', withByte(headerOf(PING, 2), 4, 1), 'UNSUPPORTED_VERSION', { supported_versions: [1] }],
    [
      'a chat that is too long',
      tooLong(CHAT, MAX_CHAT_BYTES + 1),
      'FRAME_TOO_LARGE',
      { limit: MAX_CHAT_BYTES },
    ],
    ['a length of 2^31', tooLong(CHAT, 2 ** 31), 'FRAME_TOO_LARGE', { limit: MAX_CHAT_BYTES }],
    ['a length of 2^32-1', tooLong(CHAT, 2 ** 32 - 1), 'FRAME_TOO_LARGE', { limit: MAX_CHAT_BYTES }],
    [
      'an unknown type',
      tooLong(0xffff, MAX_DEFAULT_BYTES + 1),
      'FRAME_TOO_LARGE',
      { limit: MAX_DEFAULT_BYTES },
    ],
  ])(
    '%s: is refused by its twelve bytes alone, in any chunks, and ends the stream',
    (_, header, error, detail) => {
      for (let cut = 0; cut < HEADER_BYTES; cut++) {
        const reader = new FrameReader(upstreamLimit);
        const before = encodeFrame(PING, payloadOf(2));
        expect(readAll([before, header.subarray(0, cut)], reader)).toHaveLength(1);
        const refusal = refusalOf(() => readAll([header.subarray(cut)], reader));
        expect(refusal).toMatchObject({ error, detail, fatal: true });
      }
    },
  );

  test('frames before it in the same chunk are delivered first', () => {
    const frames: number[] = [];
    const reader = new FrameReader(upstreamLimit);
    const chunk = join([stream, tooLong(PING, 2 ** 32 - 1)]);
    refusalOf(() => reader.read(chunk, ({ type }) => frames.push(type)));
    expect(frames).toEqual([PING, CHAT, CHAT]);
  });
});

test('random bytes give frames or a fatal ProtocolError, and nothing else', () => {
  const magic = Uint8Array.of(0x53, 0x43, 0x48, 0x54, 0, 1, 0, 0);
  const piece = fc.oneof(
    fc.uint8Array({ maxLength: 40 }),
    fc.uint8Array({ maxLength: 8 }).map((tail) => join([magic, tail])),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 8 }), (chunks) => {
      try {
        readAll(chunks);
      } catch (error) {
        expect(error).toBeInstanceOf(ProtocolError);
        expect(error).toMatchObject({ fatal: true });
      }
    }),
    { numRuns: 500 },
  );
});

/** Sizes of all byte arrays created with `new Uint8Array(length)` meanwhile. */
function allocationsOf(work: () => void): number[] {
  const sizes: number[] = [];
  const Real = globalThis.Uint8Array;
  globalThis.Uint8Array = new Proxy(Real, {
    construct(target, args, newTarget) {
      if (typeof args[0] === 'number') sizes.push(args[0]);
      return Reflect.construct(target, args, newTarget);
    },
  });
  try {
    work();
  } finally {
    globalThis.Uint8Array = Real;
  }
  return sizes;
}

test('a refused length is never allocated', () => {
  const header = headerOf(CHAT, 2 ** 32 - 1);
  const reader = new FrameReader(upstreamLimit);
  expect(allocationsOf(() => refusalOf(() => reader.read(header, () => {})))).toEqual([]);
});

test('who announces much and sends little makes the reader hold little', () => {
  const reader = new FrameReader(upstreamLimit);
  const header = headerOf(CHAT, MAX_CHAT_BYTES);
  const byte = Uint8Array.of(1);
  const sizes = allocationsOf(() => {
    reader.read(header, () => {});
    for (let sent = 0; sent < 100; sent++) reader.read(byte, () => {});
  });
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThanOrEqual(4096);
});

test('memory grows with what has arrived, and never beyond the announced length', () => {
  const length = 50_001;
  const reader = new FrameReader(upstreamLimit);
  const header = headerOf(CHAT, length);
  const piece = payloadOf(77);
  const done: number[] = [];
  reader.read(header, () => {});
  for (let arrived = 0; arrived < length; ) {
    const next = piece.subarray(0, Math.min(piece.length, length - arrived));
    arrived += next.length;
    const sizes = allocationsOf(() => reader.read(next, ({ payload }) => done.push(payload.length)));
    for (const size of sizes) expect(size).toBeLessThanOrEqual(Math.min(length, Math.max(4096, 2 * arrived)));
  }
  expect(done).toEqual([length]);
});
