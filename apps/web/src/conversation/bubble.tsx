import type { Conversation, Message } from '@securechat/client';
import { Icon } from '../parts/icon.tsx';
import { useNames } from '../parts/use-names.ts';
import { failureText } from '../text/error-text.ts';
import { clockTime, duration, fullTime } from '../text/time.ts';
import { MessageBodyView } from './message-body.tsx';
import type { MessageActions } from './message-toolbar.tsx';
import { Quote } from './quote.tsx';
import { StatusTicks } from './status-ticks.tsx';
import type { TimelineEntry } from './timeline.ts';

type Properties = {
  conversation: Conversation;
  entry: TimelineEntry;
  actions: MessageActions;
  onOpenQuoted(messageId: string): void;
};

/** A message of a person. */
export function Bubble({ conversation, entry, actions, onOpenQuoted }: Properties) {
  const { message, beginsRun } = entry;
  const { nameOf } = useNames();
  const hasName = beginsRun && !message.isOwn && conversation.kind === 'group';
  return (
    <div class={`bubble ${message.isOwn ? 'is-own' : ''}`}>
      {hasName && <strong class="bubble-name">{nameOf(message.from)}</strong>}
      {message.replyTo !== undefined && (
        <Quote
          conversation={conversation}
          messageId={message.replyTo}
          onOpen={() => onOpenQuoted(message.replyTo as string)}
        />
      )}
      <MessageBodyView conversation={conversation} message={message} />
      <BubbleFoot message={message} />
      {message.status === 'failed' && <Failure message={message} actions={actions} />}
    </div>
  );
}

function BubbleFoot({ message }: { message: Message }) {
  const { sentAtMs, editedAtMs, expiresAtMs } = message;
  return (
    <span class="bubble-foot">
      {expiresAtMs !== undefined && (
        <span class="bubble-timer" title={`Disappears ${fullTime(expiresAtMs)}`}>
          <Icon name="clock" /> {duration(Math.max(expiresAtMs - Date.now(), 0))}
        </span>
      )}
      {editedAtMs !== undefined && <span title={fullTime(editedAtMs)}>edited</span>}
      <time dateTime={new Date(sentAtMs).toISOString()} title={fullTime(sentAtMs)}>
        {clockTime(sentAtMs)}
      </time>
      <StatusTicks message={message} />
    </span>
  );
}

function Failure({ message, actions }: { message: Message; actions: MessageActions }) {
  return (
    <p class="error-text" role="alert">
      {failureText(message.failure)}{' '}
      <button type="button" class="text-button" onClick={() => actions.onRetry(message)}>
        Send again
      </button>
    </p>
  );
}
