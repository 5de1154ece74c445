import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { packEntry, unpackEntry } from './packed-entry.ts';

const records = fc.array(
  fc.record({
    head: fc.record({
      type: fc.string({ unit: 'binary' }),
      user: fc.nat(),
      to: fc.array(fc.nat(), { maxLength: 3 }),
    }),
    body: fc.uint8Array({ maxLength: 60 }),
  }),
  { maxLength: 5 },
);

/** True when it was unpacked; anything but a RangeError fails the test. */
function unpacks(entry: Uint8Array): boolean {
  try {
    unpackEntry(entry);
    return true;
  } catch (error) {
    expect(error).toBeInstanceOf(RangeError);
    return false;
  }
}

test('heads and bodies come out as they went in, with the length of each body', () => {
  fc.assert(
    fc.property(records, (packed) => {
      const wanted = packed.map(({ head, body }) => ({ head: { ...head, bytes: body.length }, body }));
      expect(unpackEntry(packEntry(packed))).toEqual(wanted);
    }),
  );
});

test('an entry may lie anywhere inside a larger buffer, and bodies are views of it', () => {
  const entry = packEntry([{ head: { kind: 'head' }, body: Uint8Array.of(1, 2, 3) }]);
  const larger = new Uint8Array(entry.length + 9);
  larger.set(entry, 5);
  const [record] = unpackEntry(larger.subarray(5, 5 + entry.length));
  expect(record?.body).toEqual(Uint8Array.of(1, 2, 3));
  expect(record?.body.buffer).toBe(larger.buffer);
});

const withHead = (json: string, body = ''): Uint8Array => {
  const head = new TextEncoder().encode(json);
  const entry = new Uint8Array(4 + head.length + body.length);
  new DataView(entry.buffer).setUint32(0, head.length);
  entry.set(head, 4);
  entry.set(new TextEncoder().encode(body), 4 + head.length);
  return entry;
};

describe('what is no packed entry', () => {
  test.each([
    ['nothing', new Uint8Array(0)],
    ['three bytes', new Uint8Array(3)],
    ['a head beyond the end', Uint8Array.of(0, 0, 0, 1)],
    ['a head of 4 GiB', Uint8Array.of(255, 255, 255, 255, 0)],
    ['no JSON', withHead('{')],
    ['no list', withHead('{}')],
    ['no UTF-8', Uint8Array.of(0, 0, 0, 3, 0x22, 0xff, 0x22)],
    ['a record that is null', withHead('[null]')],
    ['a record without a length', withHead('[{}]')],
    ['a negative length', withHead('[{"bytes":-1}]')],
    ['a fraction of a byte', withHead('[{"bytes":0.5}]')],
    ['a length that is a text', withHead('[{"bytes":"1"}]', 'x')],
    ['a body beyond the end', withHead('[{"bytes":2}]', 'x')],
    ['two bodies in the place of one', withHead('[{"bytes":1},{"bytes":1}]', 'x')],
    ['bytes left over', withHead('[{"bytes":1}]', 'xy')],
  ])('%s: a RangeError', (_, entry) => expect(unpacks(entry)).toBe(false));

  test('a changed byte gives other records or a RangeError', () => {
    fc.assert(
      fc.property(records, fc.nat(), fc.integer({ min: 1, max: 255 }), (packed, at, flip) => {
        const entry = packEntry(packed);
        entry[at % entry.length] = (entry[at % entry.length] ?? 0) ^ flip;
        unpacks(entry);
      }),
      { numRuns: 500 },
    );
  });

  test('a shortened entry is a RangeError, always', () => {
    const entry = packEntry([{ head: { kind: 'head' }, body: Uint8Array.of(1, 2, 3) }]);
    for (let length = 0; length < entry.length; length++)
      expect(unpacks(entry.subarray(0, length))).toBe(false);
  });
});
