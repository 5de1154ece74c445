/** In UTF-16 units; about a line of a row. */
const BEFORE = 30;

/** A line from a little before the first of the words that stands in it, so that a row shows why it was found. */
export function aroundWord(line: string, words: string): string {
  const lower = line.toLowerCase();
  const places = words
    .toLowerCase()
    .split(/\s+/)
    .filter(Boolean)
    .map((word) => lower.indexOf(word));
  const first = Math.min(...places.filter((place) => place >= 0));
  if (!Number.isFinite(first) || first <= BEFORE) return line;
  const from = line.indexOf(' ', first - BEFORE) + 1;
  return `… ${line.slice(from > 0 && from <= first ? from : first)}`;
}
