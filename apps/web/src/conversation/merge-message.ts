import type { Message } from '@securechat/client';

/** Own messages not stored by the server yet sort after everything with a place. */
const placeOf = (message: Message) => message.place ?? Number.POSITIVE_INFINITY;

/** Inserts a message, or replaces it by its newer state. A message above everything loaded (`hasOlder`: there is more) is left to its page. */
export function mergeMessage(
  list: readonly Message[],
  message: Message,
  hasOlder: boolean,
): readonly Message[] {
  const [first] = list;
  const isAbove = first !== undefined && placeOf(message) < placeOf(first);
  if (hasOlder && isAbove) return list;
  const others = list.filter((each) => each.id !== message.id);
  const behind = others.findIndex((each) => placeOf(each) > placeOf(message));
  return behind < 0 ? [...others, message] : others.toSpliced(behind, 0, message);
}

/** Puts a page of older messages before those shown; for messages in both, the shown state is newer. */
export function prependPage(page: readonly Message[], list: readonly Message[]): readonly Message[] {
  const shown = new Set(list.map((message) => message.id));
  return [...page.filter((message) => !shown.has(message.id)), ...list];
}
