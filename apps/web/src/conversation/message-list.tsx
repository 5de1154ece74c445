import type { Conversation } from '@securechat/client';
import { Fragment } from 'preact';
import { useRovingFocus } from '../list/roving-focus.ts';
import { ErrorText } from '../parts/error-text.tsx';
import { IconButton } from '../parts/icon-button.tsx';
import { DayLine, LineBetween, UnreadLine } from './line-between.tsx';
import { MessageItem } from './message-item.tsx';
import type { MessageActions } from './message-toolbar.tsx';
import { isSaid, timeline } from './timeline.ts';
import { useFirstUnread } from './use-first-unread.ts';
import type { Messages } from './use-messages.ts';
import { useReadMark } from './use-read-mark.ts';
import { useScroll } from './use-scroll.ts';
import { useSought } from './use-sought.ts';
import { useThreads } from './use-threads.ts';

const OBSTACLES = {
  'too far back': 'That message is too far back to be shown.',
  gone: 'That message is not on this device.',
};

type Properties = {
  conversation: Conversation;
  threadId?: string;
  /** Of the thread shown beside the conversation. */
  openThreadId?: string | undefined;
  /** To be shown first, and not the newest. */
  messageId?: string | undefined;
  messages: Messages;
  actions: MessageActions;
};

export function MessageList(properties: Properties) {
  const { conversation, threadId, openThreadId, messageId, messages, actions } = properties;
  const firstUnreadId = useFirstUnread(conversation, messages);
  const sought = useSought(messages, messageId);
  const scroll = useScroll(messages, sought.isSeeking);
  const threads = useThreads(conversation, openThreadId);
  useReadMark(conversation, threadId, messages.list, scroll.isAtEnd && !sought.isSeeking);
  const said = messages.list.filter(isSaid).map((message) => message.id);
  const roving = useRovingFocus(said, said.at(-1));

  return (
    <div class="messages-frame">
      <section
        class="messages"
        ref={scroll.box}
        onScroll={scroll.onScroll}
        onKeyDown={roving.onKeyDown}
        aria-label="Messages"
        aria-busy={!messages.isLoaded}
      >
        <ErrorText error={messages.error} />
        {sought.obstacle !== undefined && <p class="hint is-centered">{OBSTACLES[sought.obstacle]}</p>}
        {messages.isLoaded && messages.list.length === 0 && <p class="hint is-centered">Nothing here yet.</p>}
        {timeline(messages.list, threadId === undefined ? firstUnreadId : undefined).map((entry) => (
          <Fragment key={entry.message.id}>
            {entry.beginsDay && <DayLine atMs={entry.message.sentAtMs} />}
            {entry.isFirstUnread && <UnreadLine />}
            {isSaid(entry.message) ? (
              <MessageItem
                conversation={conversation}
                entry={entry}
                thread={threads.get(entry.message.id)}
                tabIndex={roving.tabIndexOf(entry.message.id)}
                actions={actions}
                onFocus={() => roving.onFocus(entry.message.id)}
                onOpenQuoted={sought.seek}
              />
            ) : (
              <LineBetween message={entry.message} />
            )}
          </Fragment>
        ))}
      </section>
      {!scroll.isAtEnd && (
        <IconButton class="to-end" icon="down" label="To the newest message" onClick={scroll.toEnd} />
      )}
    </div>
  );
}
