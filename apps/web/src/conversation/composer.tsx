import type { Conversation } from '@securechat/client';
import { useEffect, useId, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { AttachButton } from '../files/attach-button.tsx';
import { transfersOf } from '../files/transfers.ts';
import { Uploads } from '../files/uploads.tsx';
import { useFileDrop } from '../files/use-file-drop.ts';
import { ErrorText } from '../parts/error-text.tsx';
import { IconButton } from '../parts/icon-button.tsx';
import { useNames } from '../parts/use-names.ts';
import { inBackground } from '../session/in-background.ts';
import { useSession } from '../session/session.ts';
import { usePresence } from '../session/use-presence.ts';
import { useTask } from '../session/use-task.ts';
import { ComposerContext } from './composer-context.tsx';
import { ComposerOptions } from './composer-options.tsx';
import { begunText, type Draft, keepText } from './draft.ts';
import { howToSend, submitDraft } from './submit-draft.ts';
import { Suggestions } from './suggestions.tsx';
import { useSuggestions } from './use-suggestions.ts';

/** On a phone, focusing would bring up a keyboard over half of what the user came to read. */
const hasKeyboard = () => matchMedia('(pointer: fine)').matches;

type Properties = {
  conversation: Conversation;
  threadId?: string;
  draft: Draft;
  onDone(): void;
  /** Arrow up in an empty field. */
  onEditLast(): void;
};

/** The input field. Enter sends, Shift+Enter inserts a line break, Escape cancels a reply or an edit. */
export function Composer({ conversation, threadId, draft, onDone, onEditLast }: Properties) {
  const { client, preferences } = useSession();
  const { nameOf } = useNames();
  const key = `${conversation.id}/${threadId ?? ''}`;
  const [text, setText] = useState(() => begunText(key));
  const form = useRef<HTMLFormElement>(null);
  const field = useRef<HTMLTextAreaElement>(null);
  const listId = useId();
  const task = useTask();
  const presence = usePresence();
  const others = conversation.memberIds.filter((userId) => userId !== client.me.userId);
  const suggestions = useSuggestions(conversation.kind === 'group' ? others : [], nameOf);

  // at once: a quick typist's next keys would go elsewhere
  useLayoutEffect(() => {
    if (draft.kind === 'edit' && draft.message.body.type === 'text') setText(draft.message.body.text);
    if (hasKeyboard()) field.current?.focus();
  }, [draft]);
  useEffect(() => {
    if (draft.kind !== 'edit') keepText(key, text);
  }, [key, text, draft]);

  const going = { threadId, expiresInMs: preferences.timers[conversation.id] };
  const send = async () => {
    const trimmed = text.trim();
    if (trimmed === '') return;
    const { isMarkdown } = preferences;
    const isSent = await task.run(() => submitDraft(conversation, draft, trimmed, { ...going, isMarkdown }));
    if (!isSent) return;
    setText('');
    presence?.typing(conversation.id, false);
    onDone();
    field.current?.focus();
  };

  const sendFiles = (files: readonly File[]) => {
    inBackground(transfersOf(client).send(conversation, key, files, howToSend(draft, going)));
    if (draft.kind === 'reply') onDone();
  };
  const isOver = useFileDrop(form, sendFiles);

  const giveUp = () => {
    if (draft.kind === 'edit') setText(begunText(key));
    onDone();
  };

  const insert = (userId: string) => {
    if (field.current === null) return;
    const completed = suggestions.complete(field.current, userId);
    setText(completed.text);
    field.current.value = completed.text;
    field.current.setSelectionRange(completed.cursor, completed.cursor);
    field.current.focus();
  };

  const onKeyDown = (event: KeyboardEvent) => {
    const { chosen } = suggestions;
    if (event.isComposing) return;
    if (chosen !== undefined && (event.key === 'Enter' || event.key === 'Tab')) insert(chosen);
    else if (chosen !== undefined && event.key === 'ArrowDown') suggestions.move(1);
    else if (chosen !== undefined && event.key === 'ArrowUp') suggestions.move(-1);
    else if (chosen !== undefined && event.key === 'Escape') suggestions.close();
    else if (event.key === 'Enter' && !event.shiftKey) void send();
    else if (event.key === 'Escape' && draft.kind !== 'new') giveUp();
    else if (event.key === 'ArrowUp' && text === '') onEditLast();
    else return;
    event.preventDefault();
    event.stopPropagation();
  };

  return (
    <form
      ref={form}
      class="composer"
      aria-label="New message"
      onSubmit={(event) => {
        event.preventDefault();
        void send();
      }}
    >
      <ErrorText error={task.error} />
      <ComposerContext draft={draft} onGiveUp={giveUp} />
      <Suggestions id={listId} shown={suggestions.shown} chosen={suggestions.chosen} onChoose={insert} />
      <Uploads place={key} />
      {isOver && <p class="drop-hint">Drop to send</p>}
      <div class="composer-row">
        <AttachButton onFiles={sendFiles} />
        <ComposerOptions conversation={conversation} />
        <textarea
          ref={field}
          rows={1}
          aria-label={threadId === undefined ? 'Message' : 'Reply in thread'}
          placeholder={threadId === undefined ? 'Message' : 'Reply in thread'}
          aria-controls={suggestions.shown.length > 0 ? listId : undefined}
          aria-activedescendant={
            suggestions.chosen === undefined ? undefined : `${listId}-${suggestions.chosen}`
          }
          value={text}
          onInput={(event) => {
            setText(event.currentTarget.value);
            if (preferences.isShown) presence?.typing(conversation.id, event.currentTarget.value !== '');
            suggestions.look(event.currentTarget);
          }}
          onKeyDown={onKeyDown}
        />
        <IconButton
          class="is-main"
          type="submit"
          icon="send"
          label="Send"
          disabled={task.isBusy || text.trim() === ''}
        />
      </div>
    </form>
  );
}
