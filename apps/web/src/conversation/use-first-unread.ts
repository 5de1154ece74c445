import type { Conversation, Message } from '@securechat/client';
import { useRef } from 'preact/hooks';
import type { Messages } from './use-messages.ts';

/** `newestId`: of what was there then. */
type Opened = {
  readonly unread: number;
  readonly newestId: string | undefined;
  firstId?: string | undefined;
};

/** The first message that was unread when the conversation was opened, once it is loaded. Stays the same while others come. */
export function useFirstUnread(conversation: Conversation, { list, isLoaded }: Messages): string | undefined {
  const opened = useRef<Opened>(undefined);
  if (!isLoaded) return undefined;
  opened.current ??= { unread: conversation.unread, newestId: list.at(-1)?.id };
  const { current } = opened;
  current.firstId ??= firstUnread(list, current.unread, current.newestId);
  return current.firstId;
}

/** Counts back from a message; undefined when too few are loaded. */
export function firstUnread(
  list: readonly Message[],
  unread: number,
  newestId: string | undefined,
): string | undefined {
  const end = list.findIndex(({ id }) => id === newestId) + 1;
  return unread === 0 ? undefined : list.slice(0, end).filter(isCounted).at(-unread)?.id;
}

/** As `Conversation.unread` counts. */
function isCounted({ isOwn, body }: Message): boolean {
  return !isOwn && (body.type === 'text' || body.type === 'file' || body.type === 'unknown');
}
