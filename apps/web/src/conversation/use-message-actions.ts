import type { Conversation, Message } from '@securechat/client';
import { useState } from 'preact/hooks';
import { type Task, useTask } from '../session/use-task.ts';
import type { Draft } from './draft.ts';
import type { MessageActions } from './message-toolbar.tsx';

export type Doing = {
  readonly draft: Draft;
  readonly actions: MessageActions;
  /** For actions that take effect at once. */
  readonly task: Task;
  /** The message whose receipts are shown, or that is about to be deleted. */
  readonly looking: { kind: 'details' | 'delete'; message: Message } | undefined;
  done(): void;
  stopLooking(): void;
};

/** The user's current action on messages of a conversation or thread. */
export function useMessageActions(conversation: Conversation, onThread?: (message: Message) => void): Doing {
  const [draft, setDraft] = useState<Draft>({ kind: 'new' });
  const [looking, setLooking] = useState<Doing['looking']>();
  const task = useTask();

  const actions: MessageActions = {
    onReply: (message) => setDraft({ kind: 'reply', message }),
    onEdit: (message) => setDraft({ kind: 'edit', message }),
    onDelete: (message) => setLooking({ kind: 'delete', message }),
    onDetails: (message) => setLooking({ kind: 'details', message }),
    onReact: (message, emoji) => void task.run(() => conversation.react(message.id, emoji)),
    onRetry: (message) => void task.run(() => conversation.retry(message.id)),
    ...(onThread !== undefined && { onThread }),
  };

  return {
    draft,
    actions,
    task,
    looking,
    done: () => setDraft((before) => (before.kind === 'new' ? before : { kind: 'new' })),
    stopLooking: () => setLooking(undefined),
  };
}

/** The newest own text that can still be edited. */
export function lastOwnText(list: readonly Message[]): Message | undefined {
  return list.findLast(
    (message) => message.isOwn && message.body.type === 'text' && message.place !== undefined,
  );
}
