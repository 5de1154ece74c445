import type { Conversation } from '@securechat/client';
import { TaskButton } from '../parts/task-button.tsx';
import { useNames } from '../parts/use-names.ts';
import { go } from '../session/use-route.ts';
import { Composer } from './composer.tsx';
import type { Draft } from './draft.ts';

type Properties = { conversation: Conversation; draft: Draft; onDone(): void; onEditLast(): void };

/** The text field, or why there is none. */
export function ConversationFoot(properties: Properties) {
  const { conversation } = properties;
  if (conversation.isRequest) return <RequestFoot conversation={conversation} />;
  if (conversation.isBlocked) {
    return (
      <footer class="foot-bar">
        <p>You have blocked this person.</p>
        <TaskButton onRun={() => conversation.unblock()}>Unblock</TaskButton>
      </footer>
    );
  }
  if (!conversation.isMember) {
    return (
      <footer class="foot-bar">
        <p>You are no longer a member. You can read what was said before.</p>
      </footer>
    );
  }
  return <Composer {...properties} />;
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
