/** Splits names typed with commas or blanks between them, with or without `@`. */
export function splitUserIds(text: string): string[] {
  const ids = text.split(/[\s,;]+/).map((id) => id.replace(/^@/, ''));
  return [...new Set(ids.filter((id) => id !== ''))];
}
