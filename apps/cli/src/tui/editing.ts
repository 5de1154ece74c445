/** The input line; `cursor` counts user-perceived characters. */
export type Entry = { readonly text: string; readonly cursor: number };
export const emptyEntry: Entry = { text: '', cursor: 0 };

export type EditKey = {
  readonly leftArrow?: boolean;
  readonly rightArrow?: boolean;
  readonly home?: boolean;
  readonly end?: boolean;
  readonly backspace?: boolean;
  readonly delete?: boolean;
  readonly ctrl?: boolean;
  readonly meta?: boolean;
};

const segmenter = new Intl.Segmenter();
export const charactersOf = (text: string): string[] =>
  [...segmenter.segment(text)].map(({ segment }) => segment);

/** The line after a key or a paste; undefined for a key that does not edit. */
export function edited({ text, cursor }: Entry, input: string, key: EditKey): Entry | undefined {
  const characters = charactersOf(text);
  const at = Math.min(cursor, characters.length);
  if (key.leftArrow) return { text, cursor: Math.max(0, at - 1) };
  if (key.rightArrow) return { text, cursor: Math.min(characters.length, at + 1) };
  if (key.home || (key.ctrl && input === 'a')) return { text, cursor: 0 };
  if (key.end || (key.ctrl && input === 'e')) return { text, cursor: characters.length };
  if (key.ctrl && input === 'u') return { text: characters.slice(at).join(''), cursor: 0 };
  if (key.ctrl && input === 'w') return withoutWord(characters, at);
  // the terminal's backspace key arrives as either
  if (key.backspace || key.delete) return without(characters, at - 1, at);
  if (key.ctrl || key.meta || input === '') return undefined;
  const before = characters.slice(0, at).join('') + input;
  return { text: before + characters.slice(at).join(''), cursor: charactersOf(before).length };
}

function without(characters: readonly string[], from: number, to: number): Entry {
  const start = Math.max(0, from);
  return { text: [...characters.slice(0, start), ...characters.slice(to)].join(''), cursor: start };
}

function withoutWord(characters: readonly string[], at: number): Entry {
  let start = at;
  while (start > 0 && characters[start - 1] === ' ') start--;
  while (start > 0 && characters[start - 1] !== ' ') start--;
  return without(characters, start, at);
}

/** What Enter does. `//` starts a text that itself starts with a slash. */
export function meaningOf(text: string): { say: string } | { command: string; rest: string } {
  if (text.startsWith('//')) return { say: text.slice(1) };
  const [, command, rest] = /^\/(\S*)\s*([\s\S]*)$/.exec(text) ?? [];
  return command === undefined ? { say: text } : { command, rest: (rest ?? '').trim() };
}
