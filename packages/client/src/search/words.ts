import type { MessageBody } from '../api/index.ts';
import type { EntryBody } from '../conversations/timeline/entry.ts';

/** In UTF-16 units; what is longer is no search, and would be looked for in every message. */
const MAX_WANTED = 256;

const folded = (text: string): string => text.toLowerCase().normalize('NFKD').replace(/\p{M}/gu, '');

/** Whether a text has all words of `wanted`, each anywhere and whatever its case and accents. Undefined when there are no words. */
export function matcherOf(wanted: string): ((text: string) => boolean) | undefined {
  const words = folded(wanted.slice(0, MAX_WANTED)).split(/\s+/).filter(Boolean);
  if (words.length === 0) return undefined;
  return (text) => {
    const where = folded(text);
    return words.every((word) => where.includes(word));
  };
}

/** What a person would remember of a message; empty for what nobody said. */
export function searchedText(body: EntryBody | MessageBody): string {
  if (body.type === 'file') return body.name;
  if (body.type !== 'text') return '';
  const { text, preview } = body;
  return preview === undefined ? text : `${text} ${preview.title} ${preview.description ?? ''}`;
}
