/** How a viewer turns a picture (Exif, TIFF 6.0): 1 is as it is. */
const TAG = 0x0112;
const AS_IT_IS = 1;
const MOST = 8;
const ENTRY_BYTES = 12;

/** From the TIFF structure of an Exif segment; 1 if it says nothing that makes sense. */
export function orientationIn(tiff: Uint8Array): number {
  const view = new DataView(tiff.buffer, tiff.byteOffset, tiff.byteLength);
  try {
    const isLittle = view.getUint16(0) === 0x4949;
    const directory = view.getUint32(4, isLittle);
    const count = view.getUint16(directory, isLittle);
    for (let index = 0; index < count; index++) {
      const entry = directory + 2 + index * ENTRY_BYTES;
      if (view.getUint16(entry, isLittle) !== TAG) continue;
      const value = view.getUint16(entry + 8, isLittle);
      return value >= AS_IT_IS && value <= MOST ? value : AS_IT_IS;
    }
  } catch (error) {
    // it ends too early
    if (!(error instanceof RangeError)) throw error;
  }
  return AS_IT_IS;
}

/** An Exif segment of a JPEG that says nothing else; none where there is nothing to say. */
export function orientationSegment(orientation: number): Uint8Array[] {
  if (orientation === AS_IT_IS) return [];
  const name = [0x45, 0x78, 0x69, 0x66, 0, 0];
  const header = [0x4d, 0x4d, 0, 0x2a, 0, 0, 0, 8];
  const entry = [TAG >> 8, TAG & 0xff, 0, 3, 0, 0, 0, 1, 0, orientation, 0, 0];
  const rest = [...name, ...header, 0, 1, ...entry, 0, 0, 0, 0];
  return [new Uint8Array([0xff, 0xe1, 0, rest.length + 2, ...rest])];
}
