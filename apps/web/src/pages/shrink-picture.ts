/** Edge of the square in pixels: twice the displayed size. */
const EDGE_PX = 96;
/** The content format's limit for a picture. */
const MAX_BYTES = 16 * 1024;
const QUALITIES = [0.85, 0.7, 0.5, 0.3];

/** The centre of a picture, scaled down, without camera metadata (place, time, owner). */
export async function shrinkPicture(file: File): Promise<Uint8Array> {
  const picture = await createImageBitmap(file);
  const edge = Math.min(picture.width, picture.height);
  const canvas = new OffscreenCanvas(EDGE_PX, EDGE_PX);
  const left = (picture.width - edge) / 2;
  const top = (picture.height - edge) / 2;
  canvas.getContext('2d')?.drawImage(picture, left, top, edge, edge, 0, 0, EDGE_PX, EDGE_PX);
  for (const quality of QUALITIES) {
    const blob = await canvas.convertToBlob({ type: 'image/jpeg', quality });
    if (blob.size <= MAX_BYTES) return new Uint8Array(await blob.arrayBuffer());
  }
  throw new Error('This picture cannot be made small enough.');
}
