import type { Message } from '@securechat/client';

/** Own messages that the server has not stored stand behind everything that has a place. */
const placeOf = (message: Message) => message.place ?? Number.POSITIVE_INFINITY;

/**
 * Puts a message where it belongs, or its newer state in its stead. One that belongs further up than what has been loaded
 * (`hasOlder`: there is more) comes with its page.
 */
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

/** A page of older messages before what is shown; what is in both is shown in its newer state. */
export function prependPage(page: readonly Message[], list: readonly Message[]): readonly Message[] {
  const shown = new Set(list.map((message) => message.id));
  return [...page.filter((message) => !shown.has(message.id)), ...list];
}
