import { begins, NotAsExpected } from './pieces.ts';

const SIGNATURE = '\x89PNG\r\n\x1a\n';
/** Length, type and checksum around the data. */
const FRAME_BYTES = 12;

/** Chunks that change how it looks, beside those whose first letter is large: without these nothing can be decoded. */
const NEEDED = new Set([
  ...['tRNS', 'gAMA', 'cHRM', 'sRGB', 'iCCP', 'cICP', 'mDCV', 'cLLI', 'sBIT', 'bKGD', 'pHYs'],
  // of moving pictures
  ...['acTL', 'fcTL', 'fdAT'],
]);

/** The parts of a PNG to keep; undefined for anything else. Throws `NotAsExpected`, or `RangeError` where it ends too early. */
export function pngPieces(view: DataView): Uint8Array[] | undefined {
  if (!begins(view, 0, SIGNATURE)) return undefined;
  const piece = (from: number, to: number) => new Uint8Array(view.buffer, view.byteOffset + from, to - from);
  const pieces = [piece(0, SIGNATURE.length)];
  for (let at = SIGNATURE.length; ; ) {
    const end = at + FRAME_BYTES + view.getUint32(at);
    if (end > view.byteLength) throw new NotAsExpected();
    const type = String.fromCharCode(...piece(at + 4, at + 8));
    if (/^[A-Z]/.test(type) || NEEDED.has(type)) pieces.push(piece(at, end));
    if (type === 'IEND') return pieces;
    at = end;
  }
}
