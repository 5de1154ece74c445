const SAFE_SCHEMES = new Set(['https:', 'http:', 'mailto:']);

/**
 * Whether a client may offer this as a link. Message text comes from strangers: `javascript:` and the like would run in the page that
 * shows it, and control characters disguise where a link leads.
 */
export function isSafeLink(link: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  if (/[\u0000-\u0020\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2066-\u2069]/.test(link)) return false;
  const url = URL.parse(link);
  return url !== null && SAFE_SCHEMES.has(url.protocol);
}
