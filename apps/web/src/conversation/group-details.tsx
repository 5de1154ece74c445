import type { Conversation } from '@securechat/client';
import { useState } from 'preact/hooks';
import { ConfirmButton } from '../parts/confirm-button.tsx';
import { ErrorText } from '../parts/error-text.tsx';
import { Field } from '../parts/field.tsx';
import { useTask } from '../session/use-task.ts';
import { count } from '../text/message-text.ts';
import { splitUserIds } from '../text/user-ids.ts';
import { GroupLinks } from './group-links.tsx';
import { MemberRow } from './member-row.tsx';

/** Who is in the group and what they may, by its keys and not by the server's word. */
export function GroupDetails({ conversation }: { conversation: Conversation }) {
  const { isMember, ownRole } = conversation;
  const mayManage = isMember && ownRole !== 'member';
  return (
    <>
      {mayManage && <RenameForm conversation={conversation} />}
      <section aria-label="Members">
        <h3>{count(conversation.memberIds.length, 'member')}</h3>
        <ul class="people">
          {conversation.members().map((member) => (
            <MemberRow key={member.userId} conversation={conversation} member={member} />
          ))}
        </ul>
      </section>
      {mayManage && <AddForm conversation={conversation} />}
      {mayManage && <GroupLinks conversation={conversation} />}
      {isMember && (
        <ConfirmButton
          question="Leave the group? You can read what was said before, and nothing that follows."
          onConfirm={() => conversation.leave()}
        >
          Leave group
        </ConfirmButton>
      )}
    </>
  );
}

function RenameForm({ conversation }: { conversation: Conversation }) {
  const [name, setName] = useState(conversation.name);
  const task = useTask();
  return (
    <form
      class="inline-form"
      onSubmit={(event) => {
        event.preventDefault();
        void task.run(() => conversation.rename(name.trim()));
      }}
    >
      <Field label="Name of the group" value={name} onValue={setName} maxLength={100} />
      <button type="submit" class="button" disabled={task.isBusy || name.trim() === conversation.name}>
        Rename
      </button>
      <ErrorText error={task.error} />
    </form>
  );
}

function AddForm({ conversation }: { conversation: Conversation }) {
  const [text, setText] = useState('');
  const task = useTask();
  const userIds = splitUserIds(text);
  const add = async () => {
    if (await task.run(() => conversation.add(userIds))) setText('');
  };
  return (
    <form
      class="inline-form"
      onSubmit={(event) => {
        event.preventDefault();
        void add();
      }}
    >
      <Field
        label="Add people"
        hint="User names with commas between them. They read what is said from now on."
        value={text}
        onValue={setText}
        autocapitalize="none"
        spellcheck={false}
      />
      <button type="submit" class="button" disabled={task.isBusy || userIds.length === 0}>
        Add
      </button>
      <ErrorText error={task.error} />
    </form>
  );
}
