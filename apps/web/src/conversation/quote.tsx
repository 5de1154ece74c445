import type { Conversation, Message } from '@securechat/client';
import { useEffect, useState } from 'preact/hooks';
import { useNames } from '../parts/use-names.ts';
import { inBackground } from '../session/in-background.ts';
import { messageLine } from '../text/message-text.ts';

type Properties = { conversation: Conversation; messageId: string; onOpen?(): void };

/** The message being replied to, in one line. */
export function Quote({ conversation, messageId, onOpen }: Properties) {
  const { nameOf } = useNames();
  const message = useMessage(conversation, messageId);
  return (
    <button type="button" class="quote" onClick={onOpen} disabled={message === undefined}>
      <strong>{message === undefined ? 'Message' : nameOf(message.from)}</strong>
      <span>{message === undefined ? 'not on this device' : messageLine(message, nameOf)}</span>
    </button>
  );
}

function useMessage(conversation: Conversation, messageId: string): Message | undefined {
  const [message, setMessage] = useState<Message>();
  useEffect(() => {
    let isGone = false;
    const look = async () => {
      const found = await conversation.message(messageId);
      if (!isGone) setMessage(found);
    };
    inBackground(look());
    return () => {
      isGone = true;
    };
  }, [conversation, messageId]);
  return message;
}
