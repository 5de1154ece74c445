/**
 * What a terminal would interpret instead of showing: control characters of both sets (including ESC and CSI), marks that change the
 * writing direction, and separators that end a line in some terminals.
 */
const UNSAFE = /[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu;

/** One line of safe text: line breaks and control characters become visible. */
export function plainLine(text: string): string {
  return text.toWellFormed().replace(/\r?\n/g, ' ⏎ ').replace(/\t/g, ' ').replace(UNSAFE, '\u{fffd}');
}

/** The same, keeping line breaks. */
export function plainText(text: string): string {
  return text.split(/\r?\n/).map(plainLine).join('\n');
}

/** JSON on one line, with everything unsafe as JSON escapes. */
export function plainJson(value: unknown): string {
  return JSON.stringify(value).replace(
    UNSAFE,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
