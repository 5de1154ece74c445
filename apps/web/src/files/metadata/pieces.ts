/** A picture that is not built as its first bytes say. */
export class NotAsExpected extends Error {}

/** Whether there is this text of single bytes. */
export function begins(view: DataView, at: number, text: string): boolean {
  if (at + text.length > view.byteLength) return false;
  return [...text].every((character, index) => view.getUint8(at + index) === character.charCodeAt(0));
}
