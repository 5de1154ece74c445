/** Id of a stream entry: `<milliseconds>-<counter>`. */
export const FIRST_ENTRY_ID = '0-0';

/** Negative when `a` comes before `b`. */
export function compareEntryIds(a: string, b: string): number {
  const [aMs = 0, aCount = 0] = a.split('-').map(Number);
  const [bMs = 0, bCount = 0] = b.split('-').map(Number);
  return aMs - bMs || aCount - bCount;
}
