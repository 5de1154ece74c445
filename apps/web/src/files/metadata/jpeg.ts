import { orientationIn, orientationSegment } from './orientation.ts';
import { begins, NotAsExpected } from './pieces.ts';

const START = 0xd8;
const END = 0xd9;
const SCAN = 0xda;
const COMMENT = 0xfe;

/** Segments for programs that a decoder needs: density, colour profile, and how Adobe transformed the colours. */
const NEEDED: Readonly<Record<number, string>> = { 224: 'JFIF\0', 226: 'ICC_PROFILE\0', 238: 'Adobe' };
const EXIF = 0xe1;

/** The parts of a JPEG to keep; undefined for anything else. Throws `NotAsExpected`, or `RangeError` where it ends too early. */
export function jpegPieces(view: DataView): Uint8Array[] | undefined {
  if (view.getUint16(0) !== 0xff00 + START) return undefined;
  const piece = (from: number, to: number) => new Uint8Array(view.buffer, view.byteOffset + from, to - from);
  const pieces = [piece(0, 2)];
  // what lacks its end is shown all the same
  for (let at = 2, hasPixels = false; !hasPixels || at < view.byteLength; ) {
    if (view.getUint8(at) !== 0xff) throw new NotAsExpected();
    const marker = view.getUint8(at + 1);
    if (marker === END) return [...pieces, piece(at, at + 2)];
    // fill bytes before a marker
    if (marker === 0xff) at += 1;
    else {
      const end = at + 2 + view.getUint16(at + 2);
      if (end > view.byteLength) throw new NotAsExpected();
      const next = marker === SCAN ? endOfScan(view, end) : end;
      if (isNeeded(view, marker, at)) pieces.push(piece(at, next));
      else if (marker === EXIF && begins(view, at + 4, 'Exif\0\0'))
        pieces.push(...orientationSegment(orientationIn(piece(at + 10, end))));
      hasPixels ||= marker === SCAN;
      at = next;
    }
  }
  return pieces;
}

function isNeeded(view: DataView, marker: number, at: number): boolean {
  const isForPrograms = marker >= 0xe0 && marker <= 0xef;
  if (!isForPrograms) return marker !== COMMENT;
  const name = NEEDED[marker];
  return name !== undefined && begins(view, at + 4, name);
}

/** Compressed data ends at a marker that is neither a stuffed zero nor a restart. */
function endOfScan(view: DataView, from: number): number {
  for (let at = from; at < view.byteLength - 1; at++) {
    if (view.getUint8(at) !== 0xff) continue;
    const marker = view.getUint8(at + 1);
    const isInside = marker === 0 || marker === 0xff || (marker >= 0xd0 && marker <= 0xd7);
    if (!isInside) return at;
  }
  return view.byteLength;
}
