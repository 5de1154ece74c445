import { useState } from 'preact/hooks';
import { mentionAt } from '../text/mentions.ts';

/** Nobody reads more; typing another letter is quicker. */
const MAX_SHOWN = 6;

/** Members' names matching what is being typed after an `@`. */
export function useSuggestions(memberIds: readonly string[], nameOf: (userId: string) => string) {
  const [begun, setBegun] = useState<string>();
  const [chosen, setChosen] = useState(0);
  const fits = (userId: string) =>
    [userId, nameOf(userId)].some((name) => name.toLowerCase().startsWith((begun ?? '').toLowerCase()));
  // a complete name needs none, so that Enter sends
  const shown =
    begun === undefined || memberIds.includes(begun) ? [] : memberIds.filter(fits).slice(0, MAX_SHOWN);

  function look(field: HTMLTextAreaElement): void {
    setBegun(mentionAt(field.value, field.selectionStart));
    setChosen(0);
  }

  /** The text with the name completed, and the new cursor position. */
  function complete(field: HTMLTextAreaElement, userId: string): { text: string; cursor: number } {
    const end = field.selectionStart;
    const start = end - (begun ?? '').length;
    setBegun(undefined);
    return {
      text: `${field.value.slice(0, start)}${userId} ${field.value.slice(end)}`,
      cursor: start + userId.length + 1,
    };
  }

  function move(by: number): void {
    setChosen((chosen + by + shown.length) % shown.length);
  }

  return { shown, chosen: shown[chosen], look, complete, move, close: () => setBegun(undefined) };
}
