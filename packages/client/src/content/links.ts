const SAFE_SCHEMES = new Set(['https:', 'http:', 'mailto:']);

/**
 * May a client offer this as a link? The text of a message is a stranger's: `javascript:` and its kin run in the page
 * that shows them, and control characters make a link look like another one.
 */
export function isSafeLink(link: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  if (/[\u0000-\u0020\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2066-\u2069]/.test(link)) return false;
  const url = URL.parse(link);
  return url !== null && SAFE_SCHEMES.has(url.protocol);
}
