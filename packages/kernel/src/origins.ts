/** Whether a page of this origin may use the service; takes the `Origin` header as the browser sent it. */
export type OriginMatcher = (origin: string) => boolean;

const ORIGIN = /^[a-z][a-z0-9+.-]*:\/\/(?:\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::(?:\d{1,5}|\*))?$/;
const ANY_PORT = ':*';

/** `*`, or an origin as browsers write it (`https://chat.example.com`), whose port may be `*`. */
export function isOriginPattern(text: string): boolean {
  return text === '*' || ORIGIN.test(text);
}

/** Compares whole origins: neither a suffix nor a prefix of an allowed one is allowed. */
export function createOriginMatcher(patterns: readonly string[]): OriginMatcher {
  const exact = new Set(patterns);
  const anyPort = patterns
    .filter((pattern) => pattern.endsWith(ANY_PORT))
    .map((pattern) => pattern.slice(0, -2));
  return (origin) => exact.has('*') || exact.has(origin) || anyPort.includes(origin.replace(/:\d{1,5}$/, ''));
}
