import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { vectorFrames } from '../../vectors/read.ts';
import { decodeDownstream } from '../frame/decode.ts';
import { readHeader } from '../frame/header.ts';
import { downstreamLimit, upstreamLimit } from '../frame/limit-for.ts';
import { HEADER_BYTES } from '../limits.ts';
import { stampedFrame, stampPayload } from './stamp.ts';

const utf8 = new TextEncoder();
const MAX = Number.MAX_SAFE_INTEGER;
const greatest = { seq: MAX, conv_seq: MAX, server_ts_ms: 99_999_999_999_999 };

test('a stamped envelope is the envelope, byte for byte, and the stamp', () => {
  const stamps = fc.record({
    seq: fc.integer({ min: 1, max: MAX }),
    conv_seq: fc.integer({ min: 1, max: MAX }),
    server_ts_ms: fc.integer({ min: 0, max: 99_999_999_999_999 }),
  });
  const envelopes = vectorFrames('chat', 'up', 'valid');
  fc.assert(
    fc.property(stamps, fc.constantFrom(...envelopes), (delivery, { id, payload, message }) => {
      const stamped = stampPayload(payload, delivery);
      const end = payload.lastIndexOf(0x7d);
      expect(stamped.subarray(0, end)).toEqual(payload.subarray(0, end));
      expect(decodeDownstream(id, stamped)).toEqual({ ...message, delivery });
    }),
  );
});

test('as a frame it is the same behind a header', () => {
  for (const { id, payload } of vectorFrames('chat', 'up', 'valid')) {
    const frame = stampedFrame(id, payload, greatest);
    expect(readHeader(frame, 0, () => MAX)).toEqual({ type: id, length: frame.length - HEADER_BYTES });
    expect(frame.subarray(HEADER_BYTES)).toEqual(stampPayload(payload, greatest));
  }
});

test('white space behind the envelope does no harm', () => {
  const stamped = stampPayload(utf8.encode('{"a":1}\r\n '), { seq: 1, conv_seq: 2, server_ts_ms: 3 });
  expect(JSON.parse(new TextDecoder().decode(stamped))).toEqual({
    a: 1,
    delivery: { seq: 1, conv_seq: 2, server_ts_ms: 3 },
  });
});

test('the longest envelope with the longest stamp is not too long for a client', () => {
  for (const type of [0x0301, 0x0401]) {
    const payload = utf8.encode(`{"payload":"${'A'.repeat(upstreamLimit(type) - 14)}"}`);
    expect(payload.length).toBe(upstreamLimit(type));
    expect(stampPayload(payload, greatest).length).toBeLessThanOrEqual(downstreamLimit(type));
  }
});

test('what is no object cannot be stamped', () => {
  expect(() => stampPayload(utf8.encode('[1]'), greatest)).toThrow(RangeError);
});
