import { useEffect, useState } from 'preact/hooks';
import { useNames } from '../parts/use-names.ts';
import { useClient } from '../session/session.ts';
import { messageLine } from '../text/message-text.ts';

/** Announces new messages to screen readers. */
export function Announcer() {
  const client = useClient();
  const { nameOf, titleOf } = useNames();
  const [line, setLine] = useState('');
  useEffect(
    () =>
      client.on('message', ({ conversation, message, isNew }) => {
        if (!isNew || message.isOwn || conversation.isMuted || conversation.isRequest) return;
        const where = conversation.kind === 'group' ? ` in ${titleOf(conversation)}` : '';
        setLine(`${nameOf(message.from)}${where}: ${messageLine(message, nameOf)}`);
      }),
    [client],
  );
  return (
    <p class="only-heard" role="log" aria-live="polite" aria-label="New messages">
      {line}
    </p>
  );
}
