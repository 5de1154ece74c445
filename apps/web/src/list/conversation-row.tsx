import type { Conversation } from '@securechat/client';
import { StatusTicks } from '../conversation/status-ticks.tsx';
import { Avatar, Initial } from '../parts/avatar.tsx';
import { Icon } from '../parts/icon.tsx';
import { useNames } from '../parts/use-names.ts';
import { toHash } from '../session/routes.ts';
import { count, messageLine } from '../text/message-text.ts';
import { shortTime } from '../text/time.ts';

type Properties = { conversation: Conversation; isOpen: boolean; tabIndex: number; onFocus(): void };

export function ConversationRow({ conversation, isOpen, tabIndex, onFocus }: Properties) {
  const { titleOf } = useNames();
  const title = titleOf(conversation);
  const { id, peer, unread, isMuted, activeAtMs } = conversation;
  return (
    <li>
      <a
        class="conversation-row"
        href={toHash({ page: 'conversation', id })}
        aria-current={isOpen ? 'page' : undefined}
        data-roving
        tabIndex={tabIndex}
        onFocus={onFocus}
      >
        {peer === undefined ? <Initial name={title} seed={id} /> : <Avatar userId={peer} />}
        <span class="row-title">{title}</span>
        <time class="row-time" dateTime={new Date(activeAtMs).toISOString()}>
          {shortTime(activeAtMs, Date.now())}
        </time>
        <LastLine conversation={conversation} />
        <span class="row-marks">
          {isMuted && (
            <span title="Muted">
              <Icon name="muted" />
            </span>
          )}
          {unread > 0 && (
            <span class="unread-count">
              <span aria-hidden="true">{unread > 99 ? '99+' : unread}</span>
              <span class="only-heard">{count(unread, 'unread message')}</span>
            </span>
          )}
        </span>
      </a>
    </li>
  );
}

function LastLine({ conversation }: { conversation: Conversation }) {
  const { nameOf } = useNames();
  const { last, kind } = conversation;
  if (last === undefined) return <span class="row-line" />;
  const isSaid = last.body.type === 'text' || last.body.type === 'file';
  const who = kind === 'group' && isSaid && !last.isOwn ? `${nameOf(last.from)}: ` : '';
  return (
    <span class={`row-line ${isSaid ? '' : 'is-quiet'}`}>
      {last.isOwn && <StatusTicks message={last} />}
      {who}
      {messageLine(last, nameOf)}
    </span>
  );
}
