import { type Downstream, type DownstreamName, downstream } from '../catalog.ts';
import { HEADER_BYTES } from '../limits.ts';
import { encodeFrame } from './encode.ts';
import { writeHeader } from './header.ts';

const utf8 = new TextEncoder();
/** Maximum UTF-8 bytes per UTF-16 unit. */
const MOST_BYTES_PER_UNIT = 3;
/**
 * Frames are usually built here and copied out: one allocation each instead of a second for the text, which costs as
 * much to free as to allocate.
 */
const scratch = new Uint8Array(4096);

export function encodeDownstream<N extends DownstreamName>(
  name: N,
  message: Downstream<N>,
): Uint8Array<ArrayBuffer> {
  const { id } = downstream[name];
  const text = JSON.stringify(message);
  if (HEADER_BYTES + text.length * MOST_BYTES_PER_UNIT > scratch.length)
    return encodeFrame(id, utf8.encode(text));
  const { written } = utf8.encodeInto(text, scratch.subarray(HEADER_BYTES));
  writeHeader(scratch, id, written);
  return scratch.slice(0, HEADER_BYTES + written);
}
