import type { Conversation } from '@securechat/client';
import { PathSign } from '../direct/path-sign.tsx';
import { Avatar, Initial } from '../parts/avatar.tsx';
import { Icon } from '../parts/icon.tsx';
import { IconButton } from '../parts/icon-button.tsx';
import { useIdentity } from '../parts/use-identity.ts';
import { useNames } from '../parts/use-names.ts';
import { toHash } from '../session/routes.ts';
import { useClient } from '../session/session.ts';
import { usePresence } from '../session/use-presence.ts';
import { go } from '../session/use-route.ts';
import { count } from '../text/message-text.ts';
import { standingText } from '../text/standing-text.ts';

/** The title; opens the details. */
export function ConversationHeader({ conversation }: { conversation: Conversation }) {
  const { titleOf } = useNames();
  const { id, peer } = conversation;
  const title = titleOf(conversation);
  return (
    <header class="bar">
      <IconButton
        class="only-narrow"
        icon="back"
        label="Back to the conversations"
        onClick={() => go({ page: 'list' })}
      />
      {peer === undefined ? <Initial name={title} seed={id} /> : <Avatar userId={peer} />}
      <div class="bar-title">
        <h1>{title}</h1>
        {peer === undefined ? (
          <GroupLine conversation={conversation} />
        ) : (
          <PeerLine conversation={conversation} userId={peer} />
        )}
      </div>
      <a
        class="icon-button"
        href={toHash({ page: 'conversation', id, panel: 'details' })}
        aria-label="About this conversation"
        title="About this conversation"
      >
        <Icon name="info" />
      </a>
    </header>
  );
}

function GroupLine({ conversation }: { conversation: Conversation }) {
  const presence = usePresence();
  const { nameOf } = useNames();
  const typists = presence?.typists(conversation.id) ?? [];
  const line =
    typists.length > 0
      ? `${typists.map(nameOf).join(', ')} writing…`
      : count(conversation.memberIds.length, 'member');
  return <p class="hint">{line}</p>;
}

function PeerLine({ conversation, userId }: { conversation: Conversation; userId: string }) {
  const client = useClient();
  const presence = usePresence();
  const { identity } = useIdentity(userId);
  const { statusText } = client.profile(userId);
  const standing = presence && standingText(presence, conversation.id, userId, Date.now());
  const parts = [standing, statusText].filter((part) => part !== undefined && part !== '');
  return (
    <p class="hint">
      <PathSign userId={userId} />
      {identity?.trust === 'verified' && (
        <span class="verified">
          <Icon name="shield" /> Verified
        </span>
      )}
      {identity?.trust === 'verified' && parts.length > 0 ? ' · ' : ''}
      {parts.join(' · ')}
    </p>
  );
}
