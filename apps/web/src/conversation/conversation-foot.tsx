import type { Conversation } from '@securechat/client';
import { ConfirmButton } from '../parts/confirm-button.tsx';
import { Icon } from '../parts/icon.tsx';
import { TaskButton } from '../parts/task-button.tsx';
import { useNames } from '../parts/use-names.ts';
import { go } from '../session/use-route.ts';
import { Composer } from './composer.tsx';
import type { Draft } from './draft.ts';

type Properties = { conversation: Conversation; draft: Draft; onDone(): void; onEditLast(): void };

/** The input field, or why there is none. */
export function ConversationFoot(properties: Properties) {
  const { conversation } = properties;
  if (conversation.isBlocked) {
    return (
      <footer class="foot-bar">
        <p>You have blocked this person.</p>
        <TaskButton onRun={() => conversation.unblock()}>Unblock</TaskButton>
      </footer>
    );
  }
  if (conversation.isRequest) return <RequestFoot conversation={conversation} />;
  if (!conversation.isMember) {
    return (
      <footer class="foot-bar">
        <p>You are no longer a member. You can still read earlier messages.</p>
      </footer>
    );
  }
  return (
    <>
      {conversation.isStuck && <StuckBar conversation={conversation} />}
      <Composer {...properties} />
    </>
  );
}

/** Honest clients rejected an operation that the server builds on: nothing can be sent until the conversation is started over. */
function StuckBar({ conversation }: { conversation: Conversation }) {
  const { kind, ownRole } = conversation;
  const mayStartOver = kind === 'direct' || ownRole !== 'member';
  return (
    <div class="warning-bar" role="alert">
      <Icon name="alert" />
      <p>
        This conversation is stuck: somebody made a change that no device can follow. What you write waits.
        {!mayStartOver && ' An owner or admin has to start it over.'}
      </p>
      {mayStartOver && (
        <ConfirmButton
          question="Start over with new keys, for all members?"
          onConfirm={() => conversation.restart()}
        >
          Start over
        </ConfirmButton>
      )}
    </div>
  );
}

function RequestFoot({ conversation }: { conversation: Conversation }) {
  const { titleOf } = useNames();
  const block = async () => {
    await conversation.block();
    go({ page: 'list' });
  };
  return (
    <footer class="foot-bar">
      <p>
        {titleOf(conversation)} would like to write to you. They do not see whether you have read this until
        you accept.
      </p>
      <div class="button-row">
        <TaskButton isMain onRun={() => conversation.accept()}>
          Accept
        </TaskButton>
        {conversation.kind === 'direct' ? (
          <TaskButton onRun={block}>Block</TaskButton>
        ) : (
          <TaskButton onRun={() => conversation.leave()}>Leave</TaskButton>
        )}
      </div>
    </footer>
  );
}
