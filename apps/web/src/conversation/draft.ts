import type { Message } from '@securechat/client';

/** What the text field is for. */
export type Draft = { kind: 'new' } | { kind: 'reply' | 'edit'; message: Message };

/** Texts that were begun and not sent, by conversation or thread: they wait while one looks elsewhere. */
const begun = new Map<string, string>();
/** Nobody comes back to the first of so many. */
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
