import { PADDING_CLASSES, paddedLength } from '@securechat/protocol';
import { E2eeError } from './errors.ts';

const VERSION = 1;
/** version u8, length u32be */
const HEADER_BYTES = 5;

/** `version ‖ length ‖ body ‖ zeros`, filling a size class. RangeError when it exceeds every class. */
export function framePlaintext(body: Uint8Array): Uint8Array<ArrayBuffer> {
  const framed = new Uint8Array(paddedLength(HEADER_BYTES + body.length));
  const view = new DataView(framed.buffer);
  view.setUint8(0, VERSION);
  view.setUint32(1, body.length);
  framed.set(body, HEADER_BYTES);
  return framed;
}

/** The size of a body that others can see; undefined when it exceeds every class. */
export function sizeClassOf(body: Uint8Array): number | undefined {
  return PADDING_CLASSES.find((size) => size >= HEADER_BYTES + body.length);
}

/** Accepts exactly what `framePlaintext` makes: deviations could mark messages for somebody who sees their sizes. */
export function unframePlaintext(framed: Uint8Array): Uint8Array<ArrayBuffer> {
  if (framed.length < HEADER_BYTES) throw new E2eeError('form');
  const view = new DataView(framed.buffer, framed.byteOffset, framed.byteLength);
  const end = HEADER_BYTES + view.getUint32(1);
  const isFramed =
    view.getUint8(0) === VERSION &&
    end <= framed.length &&
    paddedLength(end) === framed.length &&
    framed.subarray(end).every((byte) => byte === 0);
  if (!isFramed) throw new E2eeError('form');
  return framed.slice(HEADER_BYTES, end);
}
