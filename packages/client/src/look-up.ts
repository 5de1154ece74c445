/** What stands under a name that somebody else has chosen: `constructor` is one, and every object has a member of it. */
export function lookUp<T>(entries: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(entries, name) ? entries[name] : undefined;
}
