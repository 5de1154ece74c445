/**
 * What a terminal would obey or be misled by instead of showing it: control characters of both sets (ESC and CSI among
 * them), the marks that turn the direction of writing, and separators that end a line in some terminals.
 */
const UNSAFE = /[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu;

/** One line of safe text: what would break the line or be obeyed becomes visible. */
export function plainLine(text: string): string {
  return text.toWellFormed().replace(/\r?\n/g, ' ⏎ ').replace(/\t/g, ' ').replace(UNSAFE, '\u{fffd}');
}

/** The same with its line breaks. */
export function plainText(text: string): string {
  return text.split(/\r?\n/).map(plainLine).join('\n');
}

/** JSON in one line, in which everything unsafe is written as an escape of JSON. */
export function plainJson(value: unknown): string {
  return JSON.stringify(value).replace(
    UNSAFE,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
