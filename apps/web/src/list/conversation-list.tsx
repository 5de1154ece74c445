import type { Conversation } from '@securechat/client';
import { useState } from 'preact/hooks';
import { Icon, type IconName } from '../parts/icon.tsx';
import { useNames } from '../parts/use-names.ts';
import { type Route, toHash } from '../session/routes.ts';
import { useClient } from '../session/session.ts';
import { useClientEvents } from '../session/use-client-events.ts';
import { ConnectionLine } from '../shell/connection-line.tsx';
import { ConversationRow } from './conversation-row.tsx';
import { FoundMessages } from './found-messages.tsx';
import { useRovingFocus } from './roving-focus.ts';

export function ConversationList({ openId }: { openId: string | undefined }) {
  const client = useClient();
  const { titleOf } = useNames();
  const [wanted, setWanted] = useState('');
  useClientEvents('conversation', 'message', 'request', 'vanished', 'receipt');

  const { all = [], blocked = [] } = Object.groupBy(
    client.conversations().filter((conversation) => conversation.isListed),
    ({ isBlocked }) => (isBlocked ? 'blocked' : 'all'),
  );
  const fits = (conversation: Conversation) =>
    titleOf(conversation).toLowerCase().includes(wanted.trim().toLowerCase());
  const requests = all.filter((conversation) => conversation.isRequest);
  const shown = all.filter((conversation) => !conversation.isRequest && fits(conversation));

  return (
    <nav class="side" aria-label="Conversations">
      <header class="bar">
        <h1>SecureChat</h1>
        <BarLink route={{ page: 'new' }} icon="plus" label="New conversation" />
        <BarLink route={{ page: 'new-group' }} icon="people" label="New group" />
        <BarLink route={{ page: 'devices' }} icon="device" label="Devices" />
        <BarLink route={{ page: 'settings' }} icon="settings" label="Settings" />
      </header>
      <ConnectionLine />
      {all.length > 0 && (
        <input
          class="search"
          type="search"
          aria-label="Search conversations and messages"
          placeholder="Search"
          value={wanted}
          onInput={(event) => setWanted(event.currentTarget.value)}
        />
      )}
      <Rows title="Requests" conversations={requests} openId={openId} />
      <Rows conversations={shown} openId={openId} />
      <FoundMessages wanted={wanted} />
      {all.length === 0 && <Empty userId={client.me.userId} />}
      {blocked.length > 0 && (
        <details class="blocked">
          <summary>Blocked ({blocked.length})</summary>
          <Rows label="Blocked" conversations={blocked} openId={openId} />
        </details>
      )}
    </nav>
  );
}

type RowsProperties = {
  title?: string;
  label?: string;
  conversations: readonly Conversation[];
  openId: string | undefined;
};

function Rows({ title, label = title ?? 'All conversations', conversations, openId }: RowsProperties) {
  const roving = useRovingFocus(
    conversations.map((conversation) => conversation.id),
    openId,
  );
  if (conversations.length === 0) return null;
  return (
    <section class="rows" aria-label={label}>
      {title !== undefined && (
        <h2>
          {title} ({conversations.length})
        </h2>
      )}
      <ul onKeyDown={roving.onKeyDown}>
        {conversations.map((conversation) => (
          <ConversationRow
            key={conversation.id}
            conversation={conversation}
            isOpen={conversation.id === openId}
            tabIndex={roving.tabIndexOf(conversation.id)}
            onFocus={() => roving.onFocus(conversation.id)}
          />
        ))}
      </ul>
    </section>
  );
}

function BarLink({ route, icon, label }: { route: Route; icon: IconName; label: string }) {
  return (
    <a class="icon-button" href={toHash(route)} aria-label={label} title={label}>
      <Icon name={icon} />
    </a>
  );
}

function Empty({ userId }: { userId: string }) {
  return (
    <div class="empty">
      <p>
        You are <strong>{userId}</strong>. Nobody has written yet.
      </p>
      <a class="button is-main" href={toHash({ page: 'new' })}>
        Write to somebody
      </a>
    </div>
  );
}
