import type { Conversation } from '@securechat/client';
import { ErrorText } from '../parts/error-text.tsx';
import { SidePanel } from '../parts/side-panel.tsx';
import { Composer } from './composer.tsx';
import { MessageDialogs } from './message-dialogs.tsx';
import { MessageList } from './message-list.tsx';
import { Quote } from './quote.tsx';
import { lastOwnText, useMessageActions } from './use-message-actions.ts';
import { useMessages } from './use-messages.ts';

type Properties = { conversation: Conversation; threadId: string; messageId: string | undefined };

/** The thread of one message, beside the conversation. */
export function ThreadPanel({ conversation, threadId, messageId }: Properties) {
  const messages = useMessages(conversation, threadId);
  const doing = useMessageActions(conversation);
  const editLast = () => {
    const last = lastOwnText(messages.list);
    if (last !== undefined) doing.actions.onEdit(last);
  };
  return (
    <SidePanel title="Thread" conversationId={conversation.id}>
      <div class="thread-root">
        <Quote conversation={conversation} messageId={threadId} />
      </div>
      <MessageList
        conversation={conversation}
        threadId={threadId}
        messageId={messageId}
        messages={messages}
        actions={doing.actions}
      />
      <ErrorText error={doing.task.error} />
      {conversation.isMember && (
        <Composer
          conversation={conversation}
          threadId={threadId}
          draft={doing.draft}
          onDone={doing.done}
          onEditLast={editLast}
        />
      )}
      <MessageDialogs conversation={conversation} doing={doing} />
    </SidePanel>
  );
}
