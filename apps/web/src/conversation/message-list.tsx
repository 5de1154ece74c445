import type { Conversation } from '@securechat/client';
import { Fragment } from 'preact';
import { useState } from 'preact/hooks';
import { useRovingFocus } from '../list/roving-focus.ts';
import { ErrorText } from '../parts/error-text.tsx';
import { IconButton } from '../parts/icon-button.tsx';
import { DayLine, LineBetween, UnreadLine } from './line-between.tsx';
import { MessageItem } from './message-item.tsx';
import type { MessageActions } from './message-toolbar.tsx';
import { isSaid, timeline } from './timeline.ts';
import type { Messages } from './use-messages.ts';
import { useReadMark } from './use-read-mark.ts';
import { useScroll } from './use-scroll.ts';
import { useThreads } from './use-threads.ts';

type Properties = {
  conversation: Conversation;
  threadId?: string;
  /** Of the thread shown beside the conversation. */
  openThreadId?: string | undefined;
  messages: Messages;
  actions: MessageActions;
};

export function MessageList({ conversation, threadId, openThreadId, messages, actions }: Properties) {
  const [unreadWhenOpened] = useState(threadId === undefined ? conversation.unread : 0);
  const scroll = useScroll(messages);
  const threads = useThreads(conversation, openThreadId);
  useReadMark(conversation, threadId, messages.list, scroll.isAtEnd);
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
        {messages.isLoaded && messages.list.length === 0 && <p class="hint is-centered">Nothing here yet.</p>}
        {timeline(messages.list, unreadWhenOpened).map((entry) => (
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
                onOpenQuoted={showMessage}
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

/** Does nothing when the message is not loaded yet. */
function showMessage(messageId: string): void {
  const element = document.getElementById(`message-${messageId}`);
  element?.scrollIntoView({ block: 'center' });
  element?.focus();
}
