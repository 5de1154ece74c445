import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { vectorFrames } from '../../vectors/read.ts';
import { downstreamNames, type Upstream, upstream, upstreamNames } from '../catalog.ts';
import { errorMessage, ProtocolError } from '../errors.ts';
import { transcript } from '../signing/transcript.ts';
import { decodeDownstream, decodeUpstream } from './decode.ts';
import { encodeUpstream } from './encode.ts';
import { encodeDownstream } from './encode-downstream.ts';

const utf8 = new TextEncoder();
const HEADER_BYTES = 12;

/** The message, or undefined when it was refused. Anything but a ProtocolError fails the test. */
function tryDecode<M>(decode: (type: number, payload: Uint8Array) => M, type: number, payload: Uint8Array) {
  try {
    return decode(type, payload);
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    expect(error.fatal).toBe(false);
    const told = JSON.stringify(errorMessage(error.error, error.detail));
    expect(decodeDownstream(0x0007, utf8.encode(told))).toBeDefined();
    return undefined;
  }
}

/** A few bytes flipped, deleted or inserted, anywhere. */
const edits = fc.array(
  fc.record({
    kind: fc.constantFrom('flip', 'delete', 'insert', 'repeat'),
    at: fc.nat(),
    byte: fc.oneof(
      fc.integer({ min: 1, max: 255 }),
      fc.constantFrom(...utf8.encode('"\\{}[]:,-.0129eu+/=_ ')),
    ),
  }),
  { minLength: 1, maxLength: 4 },
);
type Edits = typeof edits extends fc.Arbitrary<infer E> ? E : never;

function mutate(payload: Uint8Array, changes: Edits): Uint8Array {
  const bytes = [...payload];
  for (const { kind, at, byte } of changes) {
    const place = at % (bytes.length + 1);
    if (kind === 'flip') bytes[place] = (bytes[place] ?? 0) ^ byte;
    if (kind === 'delete') bytes.splice(place, byte % 7);
    if (kind === 'insert') bytes.splice(place, 0, byte);
    if (kind === 'repeat') bytes.splice(place, 0, ...bytes.slice(place, place + (byte % 40)));
  }
  return Uint8Array.from(bytes);
}

describe('mutated vectors', () => {
  const frames = (direction: 'up' | 'down', names: string[]) =>
    names.flatMap((name) => [
      ...vectorFrames(name, direction, 'valid'),
      ...vectorFrames(name, direction, 'invalid'),
    ]);

  test('a client can send nothing that is neither a message nor a ProtocolError', () => {
    fc.assert(
      fc.property(fc.constantFrom(...frames('up', upstreamNames)), edits, ({ id, payload }, changes) => {
        const message = tryDecode(decodeUpstream, id, mutate(payload, changes));
        if (message) expect(upstream[message.type].id).toBe(id);
      }),
      { numRuns: 3000 },
    );
  });

  test('nor can a server', () => {
    fc.assert(
      fc.property(fc.constantFrom(...frames('down', downstreamNames)), edits, ({ id, payload }, changes) => {
        tryDecode(decodeDownstream, id, mutate(payload, changes));
      }),
      { numRuns: 2000 },
    );
  });

  test('an envelope that was accepted can be signed and verified: its transcript never throws', () => {
    const chats = vectorFrames('chat', 'up', 'valid');
    fc.assert(
      fc.property(fc.constantFrom(...chats), edits, ({ id, payload }, changes) => {
        const message = tryDecode(decodeUpstream, id, mutate(payload, changes));
        if (message) transcript('envelope', message as Upstream<'chat'>);
      }),
      { numRuns: 2000 },
    );
  });
});

test('random bytes under every type are no message', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), fc.integer({ min: 0, max: 0xffff }), (payload, type) => {
      expect(tryDecode(decodeUpstream, type, payload)).toBeUndefined();
      expect(tryDecode(decodeDownstream, type, payload)).toBeUndefined();
    }),
    { numRuns: 300 },
  );
});

test('what is encoded is decoded again, in both directions', () => {
  for (const name of upstreamNames) {
    for (const { id, message } of vectorFrames(name, 'up', 'valid')) {
      const frame = encodeUpstream(name, message as never);
      expect(decodeUpstream(id, frame.subarray(HEADER_BYTES))).toEqual(message);
    }
  }
  for (const name of downstreamNames) {
    for (const { id, message } of vectorFrames(name, 'down', 'valid')) {
      const frame = encodeDownstream(name, message as never);
      expect(decodeDownstream(id, frame.subarray(HEADER_BYTES))).toEqual(message);
    }
  }
});

test('a server answers a type it does not know, a client ignores it', () => {
  expect(() => decodeUpstream(0x7f01, utf8.encode('{}'))).toThrow(new ProtocolError('UNKNOWN_TYPE'));
  expect(decodeDownstream(0x7f01, utf8.encode('{}'))).toBeUndefined();
});

const [chat] = vectorFrames('chat', 'up', 'valid');
const refusalOf = (changes: object): ProtocolError => {
  try {
    decodeUpstream(0x0301, utf8.encode(JSON.stringify({ ...chat?.message, ...changes })));
  } catch (error) {
    return error as ProtocolError;
  }
  throw new Error('it was accepted');
};

test('a refusal names the place of the fault and the id of the message, but no value', () => {
  const { detail, message } = refusalOf({ metadata: { expires_at: 'tomorrow-secret' } });
  expect(detail).toEqual({ path: '/metadata/expires_at type', reference_id: chat?.message?.id });
  expect(message).not.toContain('secret');
});

test('an id that is no id is not sent back', () => {
  expect(refusalOf({ id: 'a b' }).detail).not.toHaveProperty('reference_id');
  expect(refusalOf({ id: 7 }).detail).not.toHaveProperty('reference_id');
});

test('a place with a long name is cut between characters, so that the client can read the error', () => {
  for (let length = 30; length < 44; length++) {
    const { error, detail } = refusalOf({ metadata: { [`${'/'.repeat(length)}a${'😀'.repeat(5)}`]: null } });
    expect(detail.path?.isWellFormed()).toBe(true);
    const frame = encodeDownstream('error', errorMessage(error, detail) as never);
    expect(decodeDownstream(0x0007, frame.subarray(HEADER_BYTES))).toBeDefined();
  }
});
