import type { Conversation } from '@securechat/client';
import { filesOf } from '../files/transfers.ts';
import { Dialog } from '../parts/dialog.tsx';
import { ErrorText } from '../parts/error-text.tsx';
import { useClient } from '../session/session.ts';
import { useTask } from '../session/use-task.ts';
import { ReceiptList } from './receipt-list.tsx';
import type { Doing } from './use-message-actions.ts';

/** Dialogs about one message. */
export function MessageDialogs({ conversation, doing }: { conversation: Conversation; doing: Doing }) {
  const client = useClient();
  const task = useTask();
  const { looking, stopLooking } = doing;
  if (looking === undefined) return null;
  const { kind, message } = looking;
  if (kind === 'details') {
    return (
      <Dialog title="Message" onClose={stopLooking}>
        <ReceiptList conversation={conversation} message={message} />
      </Dialog>
    );
  }
  const remove = async () => {
    const deleting = async () =>
      message.body.type === 'file'
        ? (await filesOf(client)).deleteForEveryone(conversation, message.id)
        : conversation.deleteForEveryone(message.id);
    if (await task.run(deleting)) stopLooking();
  };
  return (
    <Dialog title="Delete for everyone?" onClose={stopLooking}>
      <p>It is removed from all devices that follow the rules. Copies that somebody made stay.</p>
      <ErrorText error={task.error} />
      <div class="button-row">
        <button type="button" class="button is-danger" disabled={task.isBusy} onClick={remove}>
          Delete
        </button>
        <button type="button" class="button" onClick={stopLooking}>
          Cancel
        </button>
      </div>
    </Dialog>
  );
}
