import type { Conversation, Message } from '@securechat/client';
import { ErrorText } from '../parts/error-text.tsx';
import { PageFrame } from '../parts/page-frame.tsx';
import type { Route } from '../session/routes.ts';
import { useClient } from '../session/session.ts';
import { useClientEvents } from '../session/use-client-events.ts';
import { go } from '../session/use-route.ts';
import { ConversationFoot } from './conversation-foot.tsx';
import { ConversationHeader } from './conversation-header.tsx';
import { DetailsPanel } from './details-panel.tsx';
import { KeyChangeBar } from './key-change-bar.tsx';
import { MessageDialogs } from './message-dialogs.tsx';
import { MessageList } from './message-list.tsx';
import { ThreadPanel } from './thread-panel.tsx';
import { lastOwnText, useMessageActions } from './use-message-actions.ts';
import { useMessages } from './use-messages.ts';

type ConversationRoute = Extract<Route, { page: 'conversation' }>;

export function ConversationView({ route }: { route: ConversationRoute }) {
  const client = useClient();
  useClientEvents('conversation');
  const conversation = client.conversation(route.id);
  if (conversation === undefined) {
    return (
      <PageFrame title="Not here">
        <p>This conversation is not on this device.</p>
      </PageFrame>
    );
  }
  return (
    <div class={`conversation ${route.panel || route.threadId ? 'has-panel' : ''}`}>
      <MainColumn
        conversation={conversation}
        openThreadId={route.threadId}
        messageId={route.threadId === undefined ? route.messageId : undefined}
      />
      {route.threadId !== undefined && (
        <ThreadPanel
          key={route.threadId}
          conversation={conversation}
          threadId={route.threadId}
          messageId={route.messageId}
        />
      )}
      {route.panel === 'details' && <DetailsPanel conversation={conversation} />}
    </div>
  );
}

type MainColumnProperties = {
  conversation: Conversation;
  openThreadId: string | undefined;
  messageId: string | undefined;
};

function MainColumn({ conversation, openThreadId, messageId }: MainColumnProperties) {
  const messages = useMessages(conversation, undefined);
  const openThread = (message: Message) =>
    go({ page: 'conversation', id: conversation.id, threadId: message.id });
  const doing = useMessageActions(conversation, openThread);
  const editLast = () => {
    const last = lastOwnText(messages.list);
    if (last !== undefined) doing.actions.onEdit(last);
  };
  return (
    <main class="conversation-main" aria-label="Conversation">
      <ConversationHeader conversation={conversation} />
      <KeyChangeBar conversation={conversation} />
      <MessageList
        conversation={conversation}
        openThreadId={openThreadId}
        messageId={messageId}
        messages={messages}
        actions={doing.actions}
      />
      <ErrorText error={doing.task.error} />
      <ConversationFoot
        conversation={conversation}
        draft={doing.draft}
        onDone={doing.done}
        onEditLast={editLast}
      />
      <MessageDialogs conversation={conversation} doing={doing} />
    </main>
  );
}
