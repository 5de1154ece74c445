import type { Message } from '@securechat/client';

/** What the text field is being used for. */
export type Draft = { kind: 'new' } | { kind: 'reply' | 'edit'; message: Message };

/** Unsent texts, by conversation or thread, kept while the user looks elsewhere. */
const begun = new Map<string, string>();
/** Nobody returns to the oldest of this many. */
const MAX_BEGUN = 100;

export function begunText(key: string): string {
  return begun.get(key) ?? '';
}

export function keepText(key: string, text: string): void {
  begun.delete(key);
  if (text === '') return;
  begun.set(key, text);
  const [oldest] = begun.keys();
  if (begun.size > MAX_BEGUN && oldest !== undefined) begun.delete(oldest);
}

/** All of them, for another tab that goes on: this one has none any more, or would show again what is sent there. */
export function giveTexts(): [key: string, text: string][] {
  const all = [...begun];
  begun.clear();
  return all;
}

export function takeTexts(given: readonly [key: string, text: string][]): void {
  for (const [key, text] of given) keepText(key, text);
}
