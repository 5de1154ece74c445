import type { Conversation, Message } from '@securechat/client';
import { useNames } from '../parts/use-names.ts';
import { useClient } from '../session/session.ts';
import { names } from '../text/message-text.ts';

type Properties = { conversation: Conversation; message: Message; onReact(emoji: string | undefined): void };

/** Pressing one adds or removes this user's reaction. */
export function Reactions({ message, onReact }: Properties) {
  const { me } = useClient();
  const { nameOf } = useNames();
  const chosen = Object.entries(message.reactions).filter(([, users]) => users.length > 0);
  if (chosen.length === 0) return null;
  return (
    <div class="reactions">
      {chosen.map(([emoji, users]) => {
        const isMine = users.includes(me.userId);
        return (
          <button
            key={emoji}
            type="button"
            class="reaction"
            aria-pressed={isMine}
            aria-label={`${emoji} by ${names(users, nameOf)}`}
            title={names(users, nameOf)}
            onClick={() => onReact(isMine ? undefined : emoji)}
          >
            {emoji} {users.length}
          </button>
        );
      })}
    </div>
  );
}
