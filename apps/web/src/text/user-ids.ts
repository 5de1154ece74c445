/** What a person types when asked for several people: names with commas or blanks between them, an `@` at will. */
export function splitUserIds(text: string): string[] {
  const ids = text.split(/[\s,;]+/).map((id) => id.replace(/^@/, ''));
  return [...new Set(ids.filter((id) => id !== ''))];
}
