import type { Conversation, Message } from '@securechat/client';
import { Avatar } from '../parts/avatar.tsx';
import { useNames } from '../parts/use-names.ts';
import { useClientEvents } from '../session/use-client-events.ts';
import { fullTime } from '../text/time.ts';
import { receiptsOf } from './receipts.ts';

/** The delivery of a message to each member. */
export function ReceiptList({ conversation, message }: { conversation: Conversation; message: Message }) {
  useClientEvents('receipt', 'conversation');
  const { read, delivered, waiting } = receiptsOf(message, conversation.members());
  return (
    <div class="receipts">
      <p class="hint">Sent {fullTime(message.sentAtMs)}</p>
      <People title="Read by" userIds={read} />
      <People title="Delivered to" userIds={delivered} />
      <People title="Not yet delivered to" userIds={waiting} />
    </div>
  );
}

function People({ title, userIds }: { title: string; userIds: readonly string[] }) {
  const { nameOf } = useNames();
  if (userIds.length === 0) return null;
  return (
    <section aria-label={title}>
      <h3>{title}</h3>
      <ul class="people">
        {userIds.map((userId) => (
          <li key={userId}>
            <Avatar userId={userId} />
            {nameOf(userId)}
          </li>
        ))}
      </ul>
    </section>
  );
}
