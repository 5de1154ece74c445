/** Looks up a key chosen by somebody else: `constructor` would find a member that every object has. */
export function lookUp<T>(entries: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(entries, name) ? entries[name] : undefined;
}
