import type { Message } from '@securechat/client';
import { useNames } from '../parts/use-names.ts';
import { toHash } from '../session/routes.ts';
import { useClient } from '../session/session.ts';
import { messageLine } from '../text/message-text.ts';
import { shortTime } from '../text/time.ts';
import { aroundWord } from './around-word.ts';
import { useRovingFocus } from './roving-focus.ts';
import { useFound } from './use-found.ts';

/** The messages of this device with these words; each leads to its place. */
export function FoundMessages({ wanted }: { wanted: string }) {
  const found = useFound(wanted);
  const roving = useRovingFocus(found?.list.map(({ id }) => id) ?? []);
  if (found === undefined) return null;
  return (
    <section class="rows" aria-label="Search results">
      <h2 aria-live="polite">{heading(found.list.length, found.isWhole)}</h2>
      <ul onKeyDown={roving.onKeyDown}>
        {found.list.map((message) => (
          <FoundRow
            key={`${message.conversationId}/${message.id}`}
            message={message}
            wanted={wanted}
            tabIndex={roving.tabIndexOf(message.id)}
            onFocus={() => roving.onFocus(message.id)}
          />
        ))}
      </ul>
    </section>
  );
}

function heading(count: number, isWhole: boolean): string {
  if (!isWhole) return 'Searching …';
  return count === 0 ? 'No messages found' : `Messages (${count})`;
}

type RowProperties = { message: Message; wanted: string; tabIndex: number; onFocus(): void };

function FoundRow({ message, wanted, tabIndex, onFocus }: RowProperties) {
  const client = useClient();
  const { nameOf, titleOf } = useNames();
  const { id, conversationId, threadId, from, sentAtMs } = message;
  const conversation = client.conversation(conversationId);
  const inThread = threadId === undefined ? {} : { threadId };
  return (
    <li>
      <a
        class="conversation-row is-found"
        href={toHash({ page: 'conversation', id: conversationId, messageId: id, ...inThread })}
        data-roving
        tabIndex={tabIndex}
        onFocus={onFocus}
      >
        <span class="row-title">{conversation === undefined ? '' : titleOf(conversation)}</span>
        <time class="row-time" dateTime={new Date(sentAtMs).toISOString()}>
          {shortTime(sentAtMs, Date.now())}
        </time>
        <span class="row-line">
          {nameOf(from)}: {aroundWord(messageLine(message, nameOf), wanted)}
        </span>
      </a>
    </li>
  );
}
