import type { DeliveryStamp } from '../envelope.ts';
import { writeHeader } from '../frame/header.ts';
import { HEADER_BYTES } from '../limits.ts';

const utf8 = new TextEncoder();
const CLOSING_BRACE = 0x7d;

/**
 * Adds `delivery{…}` to an envelope without touching its bytes: the payload minus its closing brace, then the stamp.
 * `payload` must be a JSON object as a client sent it (it may end in white space).
 */
export function stampPayload(payload: Uint8Array, stamp: DeliveryStamp): Uint8Array<ArrayBuffer> {
  return stamped(payload, stamp, 0);
}

/** The same as a frame, in one buffer. */
export function stampedFrame(
  type: number,
  payload: Uint8Array,
  stamp: DeliveryStamp,
): Uint8Array<ArrayBuffer> {
  const frame = stamped(payload, stamp, HEADER_BYTES);
  writeHeader(frame, type, frame.length - HEADER_BYTES);
  return frame;
}

function stamped(payload: Uint8Array, stamp: DeliveryStamp, at: number): Uint8Array<ArrayBuffer> {
  const end = payload.lastIndexOf(CLOSING_BRACE);
  if (end < 0) throw new RangeError('payload is not a JSON object');
  const tail = `,"delivery":{"seq":${stamp.seq},"conv_seq":${stamp.conv_seq},"server_ts_ms":${stamp.server_ts_ms}}}`;
  const out = new Uint8Array(at + end + tail.length);
  out.set(payload.subarray(0, end), at);
  utf8.encodeInto(tail, out.subarray(at + end));
  return out;
}
