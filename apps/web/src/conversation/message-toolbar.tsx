import type { Conversation, Message } from '@securechat/client';
import { useState } from 'preact/hooks';
import { IconButton } from '../parts/icon-button.tsx';

/** The most common reactions. */
const QUICK_REACTIONS = ['👍', '❤️', '😂', '😮', '😢', '🙏'];

export type MessageActions = {
  onReply(message: Message): void;
  onEdit(message: Message): void;
  onDelete(message: Message): void;
  onDetails(message: Message): void;
  onReact(message: Message, emoji: string | undefined): void;
  onRetry(message: Message): void;
  /** Absent within a thread. */
  onThread?(message: Message): void;
};

type Properties = { conversation: Conversation; message: Message; actions: MessageActions };

/** Actions on a message. */
export function MessageToolbar({ conversation, message, actions }: Properties) {
  const [isReacting, setReacting] = useState(false);
  const { isOwn, body, place } = message;
  const isText = body.type === 'text';
  const mayDelete = isOwn || (conversation.kind === 'group' && conversation.ownRole !== 'member');
  if (!conversation.isMember || body.type === 'deleted' || place === undefined) return null;
  if (isReacting) return <QuickReactions onChoose={(emoji) => actions.onReact(message, emoji)} />;
  return (
    <div class="toolbar" role="toolbar" aria-label="Message actions">
      <IconButton icon="smile" label="React" onClick={() => setReacting(true)} />
      <IconButton icon="reply" label="Reply" onClick={() => actions.onReply(message)} />
      {actions.onThread !== undefined && (
        <IconButton icon="thread" label="Open thread" onClick={() => actions.onThread?.(message)} />
      )}
      {isOwn && isText && <IconButton icon="pencil" label="Edit" onClick={() => actions.onEdit(message)} />}
      {isOwn && (
        <IconButton
          icon="info"
          label="Who has received and read it"
          onClick={() => actions.onDetails(message)}
        />
      )}
      {mayDelete && (
        <IconButton icon="trash" label="Delete for everyone" onClick={() => actions.onDelete(message)} />
      )}
    </div>
  );
}

function QuickReactions({ onChoose }: { onChoose(emoji: string): void }) {
  return (
    <div class="toolbar" role="toolbar" aria-label="Reactions">
      {QUICK_REACTIONS.map((emoji, index) => (
        <button
          key={emoji}
          type="button"
          class="icon-button is-emoji"
          aria-label={`React with ${emoji}`}
          ref={index === 0 ? (button) => button?.focus() : undefined}
          onClick={() => onChoose(emoji)}
        >
          {emoji}
        </button>
      ))}
    </div>
  );
}
