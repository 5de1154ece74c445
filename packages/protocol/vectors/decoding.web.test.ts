import { describe, expect, test } from '@jest/globals';
import { readVectors } from '#vector-files';
import {
  breakerAfterFailure,
  breakerAllows,
  closedBreaker,
  decodeDownstream,
  decodeUpstream,
  downstream,
  downstreamById,
  downstreamLimit,
  encodeBase64,
  FrameReader,
  limitBeforeLogin,
  ProtocolError,
  reconnectDelayMs,
  retryDelayMs,
  type Signed,
  type SigningContext,
  transcript,
  upstream,
  upstreamById,
  upstreamLimit,
} from '../src/index.ts';
import { hexBytes, toHex } from './hex.ts';
import type { MessageVectors } from './read.ts';

/** The message of one frame, or the refusal. */
function decode(frame: string, direction: 'up' | 'down'): unknown {
  const limit = direction === 'up' ? upstreamLimit : downstreamLimit;
  const decodePayload = direction === 'up' ? decodeUpstream : decodeDownstream;
  const decoded: unknown[] = [];
  try {
    new FrameReader(limit).read(hexBytes(frame), ({ type, payload }) =>
      decoded.push(decodePayload(type, payload)),
    );
  } catch (error) {
    if (error instanceof ProtocolError) return error;
    throw error;
  }
  return decoded[0];
}

const types = [...new Set([...Object.keys(upstream), ...Object.keys(downstream)])];
const ofTypes = new Map<string, MessageVectors>();
for (const type of types) ofTypes.set(type, JSON.parse(await readVectors(`${type}.json`)));

describe.each(types)('%s', (type) => {
  const vectors = ofTypes.get(type) as MessageVectors;

  test('every valid frame is read as its message', () => {
    for (const { direction, frame, message } of vectors.valid)
      expect(decode(frame, direction)).toEqual(message);
  });

  test('every invalid frame is refused with its error, at its place', () => {
    for (const { name, direction, frame, error, at } of vectors.invalid) {
      const refusal = decode(frame, direction) as ProtocolError;
      expect({ name, error: refusal.error }).toEqual({ name, error });
      if (error === 'FRAME_TOO_LARGE') continue;
      // A schema names the member at fault, or the object that lacks it.
      const [place = ''] = refusal.detail.path?.split(/ (?=[a-zA-Z]+$)/) ?? [];
      const isThere = refusal.detail.path === at || place === '/' || `${at}/`.startsWith(`${place}/`);
      expect({ name, at, place, isThere }).toMatchObject({ isThere: true });
    }
  });
});

const { cases } = JSON.parse(await readVectors('frames.json'));
describe('frames.json', () => {
  test.each(cases as Record<string, unknown>[])('$name', (wanted) => {
    const direction = wanted.direction as 'up' | 'down';
    const limit =
      direction === 'down' ? downstreamLimit : wanted.before_login ? limitBeforeLogin : upstreamLimit;
    const byId = direction === 'up' ? upstreamById : downstreamById;
    const reader = new FrameReader(limit);
    const frames: unknown[] = [];
    let error: string | undefined;
    try {
      reader.read(hexBytes(wanted.bytes as string), ({ type, payload }) => {
        frames.push({ type, payload: toHex(payload), known: byId.has(type) });
      });
    } catch (refused) {
      error = (refused as ProtocolError).error;
      expect(refused).toMatchObject({ name: 'ProtocolError', fatal: true });
    }
    expect({ frames, error }).toEqual({ frames: wanted.frames, error: wanted.error });
    if (!error) expect(reader.isBetweenFrames).toBe(wanted.rest === 0);
  });
});

const { valid, rejected, public_key } = JSON.parse(await readVectors('transcripts.json'));
describe('transcripts.json', () => {
  type Case = { context: SigningContext; fields: Signed<SigningContext>; transcript: string };

  test.each(valid as Case[])('$context: $name', (wanted) => {
    expect(toHex(transcript(wanted.context, wanted.fields))).toBe(wanted.transcript);
  });
  test.each(rejected as Case[])('refuses $name', ({ context, fields }) => {
    expect(() => transcript(context, fields)).toThrow(/./);
  });
});

test('retry.json: the policy gives the delays that are written there', async () => {
  const { reconnect, requests, breaker } = JSON.parse(await readVectors('retry.json'));
  for (const { failures, random, server_hint_ms, delay_ms } of reconnect.cases) {
    expect(reconnectDelayMs(failures, random, server_hint_ms)).toBe(delay_ms);
  }
  for (const { policy, cases } of requests) {
    for (const { attempt, random, delay_ms } of cases) {
      expect(retryDelayMs(policy, attempt, random) ?? null).toBe(delay_ms);
    }
  }
  for (const { failures, after_ms, nudged, allows } of breaker) {
    let state = closedBreaker;
    for (let failure = 1; failure <= failures; failure++) state = breakerAfterFailure(state, failure * 1000);
    expect(breakerAllows(state, failures * 1000 + after_ms, nudged)).toBe(allows);
  }
});

test('base64 in the vectors of keys is that of the bytes', () => {
  const hello = ofTypes.get('client_hello')?.valid[0]?.message;
  expect(hello?.public_key).toBe(encodeBase64(hexBytes(public_key)));
});
