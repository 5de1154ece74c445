import type { Conversation, Thread } from '@securechat/client';
import { useState } from 'preact/hooks';
import { Avatar } from '../parts/avatar.tsx';
import { useNames } from '../parts/use-names.ts';
import { count, messageLine } from '../text/message-text.ts';
import { clockTime } from '../text/time.ts';
import { Bubble } from './bubble.tsx';
import { type MessageActions, MessageToolbar } from './message-toolbar.tsx';
import { Reactions } from './reactions.tsx';
import { statusLabel } from './status-ticks.tsx';
import type { TimelineEntry } from './timeline.ts';

type Properties = {
  conversation: Conversation;
  entry: TimelineEntry;
  thread: Thread | undefined;
  tabIndex: number;
  actions: MessageActions;
  onFocus(): void;
  onOpenQuoted(messageId: string): void;
};

/** A bubble and what belongs to it. Hovering or focusing it shows its toolbar; Enter moves there. */
export function MessageItem(properties: Properties) {
  const { conversation, entry, thread, tabIndex, actions } = properties;
  const { message, beginsRun, endsRun } = entry;
  const { nameOf } = useNames();
  const [isActive, setActive] = useState(false);
  const label = [
    nameOf(message.from),
    clockTime(message.sentAtMs),
    messageLine(message, nameOf),
    statusLabel(message),
  ];

  return (
    <article
      id={`message-${message.id}`}
      class={`message ${message.isOwn ? 'is-own' : ''} ${beginsRun ? 'begins-run' : ''} ${endsRun ? 'ends-run' : ''}`}
      aria-label={label.filter(Boolean).join(', ')}
      data-roving
      tabIndex={tabIndex}
      onPointerEnter={() => setActive(true)}
      onPointerLeave={(event) => setActive(event.currentTarget.contains(document.activeElement))}
      onClick={() => setActive(true)}
      onFocusIn={() => {
        setActive(true);
        properties.onFocus();
      }}
      onFocusOut={(event) => setActive(event.currentTarget.contains(event.relatedTarget as Node | null))}
      onKeyDown={intoToolbar}
    >
      {conversation.kind === 'group' && !message.isOwn && (
        <span class="message-avatar">{endsRun && <Avatar userId={message.from} />}</span>
      )}
      <div class="message-column">
        <Bubble
          conversation={conversation}
          entry={entry}
          actions={actions}
          onOpenQuoted={properties.onOpenQuoted}
        />
        <Reactions
          conversation={conversation}
          message={message}
          onReact={(emoji) => actions.onReact(message, emoji)}
        />
        {thread !== undefined && actions.onThread !== undefined && (
          <button type="button" class="thread-button" onClick={() => actions.onThread?.(message)}>
            Thread{thread.unread > 0 && ` · ${count(thread.unread, 'new reply', 'new replies')}`}
          </button>
        )}
        {isActive && <MessageToolbar conversation={conversation} message={message} actions={actions} />}
      </div>
    </article>
  );
}

/** Enter on the message moves to its toolbar, Escape returns. */
function intoToolbar(event: KeyboardEvent & { currentTarget: HTMLElement }): void {
  const isOnMessage = event.target === event.currentTarget;
  if (event.key === 'Enter' && isOnMessage) {
    event.preventDefault();
    event.currentTarget.querySelector<HTMLElement>('.toolbar button')?.focus();
  } else if (event.key === 'Escape' && !isOnMessage) {
    event.stopPropagation();
    event.currentTarget.focus();
  }
}
