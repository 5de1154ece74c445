import type { ReactElement } from 'react';
import { charactersOf, type Entry } from './editing.ts';
import { box, line } from './element.ts';

/** The input line, or the part around the cursor when it is longer than the window. */
export function EntryLine({ entry, columns }: { entry: Entry; columns: number }): ReactElement {
  const characters = charactersOf(entry.text);
  // wide characters take two columns
  const room = Math.max(1, Math.floor((columns - 4) / 2));
  const first = Math.max(0, entry.cursor - room);
  return box(
    { height: 1, flexShrink: 0, overflow: 'hidden' },
    line(
      { wrap: 'truncate-end' },
      `> ${characters.slice(first, entry.cursor).join('')}`,
      line({ inverse: true }, characters[entry.cursor] ?? ' '),
      characters.slice(entry.cursor + 1).join(''),
    ),
  );
}
