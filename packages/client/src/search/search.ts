import type { AbortOptions, Client, Conversation, Message } from '../api/index.ts';
import { sleep, systemClock } from '../clock.ts';
import type { Entry as Line } from '../conversations/timeline/entry.ts';
import { insidesOf } from '../runtime/insides.ts';
import { FoundLines } from './lines.ts';
import { matcherOf, searchedText } from './words.ts';

/** `conversation`: look only there. `signal`: end with its reason, also while nothing is found. */
export type SearchOptions = AbortOptions & { conversation?: Conversation };

/**
 * The messages on this device that have all words of `text`, each anywhere and whatever its case and accents: in what was written, in names
 * of files, and in previews of links. The newest comes first; across conversations that is by the clocks of the senders. Messages in threads
 * are among them (`Message.threadId`). Requests and blocked users are left out, unless `conversation` names one. The server has no part in it.
 *
 * Reads on only as long as it is asked for more: leave the loop when there are enough.
 */
export async function* searchMessages(
  client: Client,
  text: string,
  { conversation, signal }: SearchOptions = {},
): AsyncGenerator<Message, void, undefined> {
  const isIn = matcherOf(text);
  if (!isIn) return;
  const { core } = insidesOf(client);
  const places = conversation ? [conversation] : client.conversations().filter(isSearched);
  const isWanted = ({ body }: Line | Message) => isIn(searchedText(body));
  let open = places.map((place) => new FoundLines(core.store, place, isWanted));
  /** A message gets another position when the server has stored it. */
  const taken = new Set<string>();
  for (;;) {
    signal?.throwIfAborted();
    open = open.filter((lines) => !lines.isAtEnd);
    const newest = newestOf(open);
    if (!newest) return;
    const line = newest.take();
    // a store may answer without giving other work its turn
    if (!line) await Promise.all([newest.read(), sleep(systemClock, 0, signal)]);
    else {
      const key = `${newest.conversation.id}/${line.id}`;
      // as it is by now: it may have been edited or deleted since it was read
      const message = await newest.conversation.message(line.id);
      if (message && isWanted(message) && !taken.has(key)) yield message;
      taken.add(key);
    }
  }
}

const isSearched = ({ isRequest, isBlocked }: Conversation): boolean => !isRequest && !isBlocked;

function newestOf(open: readonly FoundLines[]): FoundLines | undefined {
  return open.reduce<FoundLines | undefined>(
    (newest, lines) => (newest && newest.nextMs >= lines.nextMs ? newest : lines),
    undefined,
  );
}
