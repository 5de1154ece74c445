import type { Conversation } from '@securechat/client';
import { Avatar, Initial } from '../parts/avatar.tsx';
import { Icon } from '../parts/icon.tsx';
import { IconButton } from '../parts/icon-button.tsx';
import { useIdentity } from '../parts/use-identity.ts';
import { useNames } from '../parts/use-names.ts';
import { toHash } from '../session/routes.ts';
import { useClient } from '../session/session.ts';
import { go } from '../session/use-route.ts';
import { count } from '../text/message-text.ts';

/** With whom one speaks; leads to who they are. */
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
          <p class="hint">{count(conversation.memberIds.length, 'member')}</p>
        ) : (
          <PeerLine userId={peer} />
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

function PeerLine({ userId }: { userId: string }) {
  const client = useClient();
  const { identity } = useIdentity(userId);
  const { statusText } = client.profile(userId);
  return (
    <p class="hint">
      {identity?.trust === 'verified' && (
        <span class="verified">
          <Icon name="shield" /> Verified
        </span>
      )}
      {identity?.trust === 'verified' && statusText ? ' · ' : ''}
      {statusText}
    </p>
  );
}
