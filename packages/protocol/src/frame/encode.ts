import { type Upstream, type UpstreamName, upstream } from '../catalog.ts';
import { HEADER_BYTES } from '../limits.ts';
import { writeHeader } from './header.ts';

const utf8 = new TextEncoder();

/** Header and payload in one buffer. */
export function encodeFrame(type: number, payload: Uint8Array): Uint8Array<ArrayBuffer> {
  const frame = new Uint8Array(HEADER_BYTES + payload.length);
  writeHeader(frame, type, payload.length);
  frame.set(payload, HEADER_BYTES);
  return frame;
}

export function encodeUpstream<N extends UpstreamName>(
  name: N,
  message: Upstream<N>,
): Uint8Array<ArrayBuffer> {
  return encodeFrame(upstream[name].id, utf8.encode(JSON.stringify(message)));
}
