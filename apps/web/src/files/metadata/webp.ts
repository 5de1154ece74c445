import { begins, NotAsExpected } from './pieces.ts';

const HEADER_BYTES = 12;
/** Type and length before the data. */
const FRAME_BYTES = 8;
const NEEDED = new Set(['VP8 ', 'VP8L', 'VP8X', 'ALPH', 'ANIM', 'ANMF', 'ICCP']);
/** Of VP8X: that Exif and XMP follow. */
const SAYS_METADATA = 0x0c;

/** The parts of a WebP to keep; undefined for anything else. Throws `NotAsExpected`, or `RangeError` where it ends too early. */
export function webpPieces(view: DataView): Uint8Array[] | undefined {
  if (!begins(view, 0, 'RIFF') || !begins(view, 8, 'WEBP')) return undefined;
  const piece = (from: number, to: number) => new Uint8Array(view.buffer, view.byteOffset + from, to - from);
  const whole = 8 + view.getUint32(4, true);
  if (whole > view.byteLength) throw new NotAsExpected();
  const chunks: Uint8Array[] = [];
  for (let at = HEADER_BYTES; at < whole; ) {
    const length = view.getUint32(at + 4, true);
    // padded to an even length
    const end = at + FRAME_BYTES + length + (length % 2);
    if (end > whole) throw new NotAsExpected();
    const type = String.fromCharCode(...piece(at, at + 4));
    if (NEEDED.has(type)) chunks.push(type === 'VP8X' ? sayingLess(piece(at, end)) : piece(at, end));
    at = end;
  }
  const header = piece(0, HEADER_BYTES).slice();
  const bytes = chunks.reduce((sum, { length }) => sum + length, HEADER_BYTES - 8);
  new DataView(header.buffer).setUint32(4, bytes, true);
  return [header, ...chunks];
}

function sayingLess(extended: Uint8Array): Uint8Array {
  return extended.map((byte, index) => (index === FRAME_BYTES ? byte & ~SAYS_METADATA : byte));
}
