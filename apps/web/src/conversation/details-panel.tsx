import type { Conversation } from '@securechat/client';
import { ConfirmButton } from '../parts/confirm-button.tsx';
import { SidePanel } from '../parts/side-panel.tsx';
import { TaskButton } from '../parts/task-button.tsx';
import { inBackground } from '../session/in-background.ts';
import { toHash } from '../session/routes.ts';
import { useClientEvents } from '../session/use-client-events.ts';
import { GroupDetails } from './group-details.tsx';

/** Details of a conversation, and actions on all of it. */
export function DetailsPanel({ conversation }: { conversation: Conversation }) {
  useClientEvents('conversation', 'receipt');
  const { id, kind, peer, isMuted, isMember, ownRole } = conversation;
  const mayRestart = isMember && (kind === 'direct' || ownRole !== 'member');
  return (
    <SidePanel title={kind === 'group' ? 'Group' : 'Conversation'} conversationId={id}>
      <div class="panel-body">
        {peer !== undefined && (
          <p>
            <a class="button" href={toHash({ page: 'person', userId: peer })}>
              Safety number and keys
            </a>
          </p>
        )}
        <label class="check">
          <input
            type="checkbox"
            checked={isMuted}
            onChange={() => inBackground(conversation.mute(!isMuted))}
          />
          Muted: new messages are not announced
        </label>
        {kind === 'group' && <GroupDetails conversation={conversation} />}
        {peer !== undefined && <BlockButton conversation={conversation} />}
        {mayRestart && (
          <section>
            <h3>When nothing else helps</h3>
            <p class="hint">If messages stay undecryptable, you can start over with new keys.</p>
            <ConfirmButton
              question="Start this conversation over with new keys?"
              onConfirm={() => conversation.restart()}
            >
              Start over with new keys
            </ConfirmButton>
          </section>
        )}
      </div>
    </SidePanel>
  );
}

function BlockButton({ conversation }: { conversation: Conversation }) {
  if (conversation.isBlocked) {
    return <TaskButton onRun={() => conversation.unblock()}>Unblock</TaskButton>;
  }
  return (
    <ConfirmButton
      question="Neither of you will receive messages from the other. They are not told."
      onConfirm={() => conversation.block()}
    >
      Block
    </ConfirmButton>
  );
}
