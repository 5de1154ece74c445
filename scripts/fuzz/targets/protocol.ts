import {
  decodeDownstream,
  decodeUpstream,
  downstreamNames,
  encodeFrame,
  encodeUpstream,
  FrameReader,
  ProtocolError,
  transcript,
  upstreamLimit,
  upstreamNames,
} from '@securechat/protocol';
import { vectorFrames } from '../../../packages/protocol/vectors/read.ts';
import type { Target } from '../target.ts';

const SOURCES = /\/packages\/protocol\/src\//;

/** Whatever a stranger sends must be a message or a `ProtocolError`. */
function refusing<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch (error) {
    if (error instanceof ProtocolError) return undefined;
    throw error;
  }
}

/** Two bytes for the type, then the payload. */
function typed(id: number, payload: Uint8Array): Uint8Array {
  return Buffer.concat([Buffer.of(id >> 8, id & 0xff), payload]);
}
const seedsOf = (direction: 'up' | 'down', names: readonly string[]): Uint8Array[] =>
  names.flatMap((name) =>
    (['valid', 'invalid'] as const).flatMap((kind) =>
      vectorFrames(name, direction, kind).map(({ id, payload }) => typed(id, payload)),
    ),
  );
const typeOf = (input: Uint8Array): number => ((input[0] ?? 0) << 8) | (input[1] ?? 0);

export const upstreamTarget: Target = {
  name: 'upstream',
  seeds: seedsOf('up', upstreamNames),
  guidedBy: SOURCES,
  run(input) {
    const message = refusing(() => decodeUpstream(typeOf(input), input.subarray(2)));
    if (!message) return;
    if (message.type === 'chat') transcript('envelope', message);
    const again = encodeUpstream(message.type, message as never);
    if (again.length === 0) throw new Error('what was accepted cannot be written');
  },
};

export const downstreamTarget: Target = {
  name: 'downstream',
  seeds: seedsOf('down', downstreamNames),
  guidedBy: SOURCES,
  run(input) {
    refusing(() => decodeDownstream(typeOf(input), input.subarray(2)));
  },
};

/** A byte stream cut at arbitrary points must always yield the same frames. */
export const framesTarget: Target = {
  name: 'frames',
  seeds: upstreamNames.flatMap((name) =>
    vectorFrames(name, 'up', 'valid').map(({ id, payload }) => encodeFrame(id, payload)),
  ),
  guidedBy: SOURCES,
  run(input) {
    const whole = read([input]);
    const cut = input[0] ?? 0;
    const pieces = read([input.subarray(0, cut), input.subarray(cut, cut + 1), input.subarray(cut + 1)]);
    if (whole !== pieces) throw new Error('cut in pieces it reads otherwise');
  },
};

function read(chunks: readonly Uint8Array[]): string {
  const reader = new FrameReader(upstreamLimit);
  const read: string[] = [];
  try {
    for (const chunk of chunks)
      reader.read(chunk, ({ type, payload }) => read.push(`${type} ${Buffer.from(payload).toString('hex')}`));
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    read.push(error.error);
  }
  return read.join('\n');
}
