const SAFE_SCHEMES = new Set(['https:', 'http:', 'mailto:']);

/** Blanks, control characters and marks that change the writing direction: a link with them does not lead where it seems to. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const DECEPTIVE = /[\u0000-\u0020\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2066-\u2069]/;

/** The address as the browser will use it, or undefined when it is unsafe: it is a stranger's. */
export function safeLink(address: string): string | undefined {
  if (DECEPTIVE.test(address)) return undefined;
  const url = URL.parse(address);
  return url !== null && SAFE_SCHEMES.has(url.protocol) ? url.href : undefined;
}
