import type { Conversation } from '@securechat/client';
import { useState } from 'preact/hooks';
import { ConfirmButton } from '../parts/confirm-button.tsx';
import { Field } from '../parts/field.tsx';
import { TaskForm } from '../parts/task-form.tsx';
import { useTask } from '../session/use-task.ts';
import { count } from '../text/message-text.ts';
import { splitUserIds } from '../text/user-ids.ts';
import { GroupLinks } from './group-links.tsx';
import { MemberRow } from './member-row.tsx';

/** The group's members and their roles, established by its keys and not reported by the server. */
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
          question="Leave the group? You can still read earlier messages, but will get no new ones."
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
    <TaskForm
      task={task}
      onSubmit={() => conversation.rename(name.trim())}
      label="Rename"
      isMinor
      isReady={name.trim() !== conversation.name}
    >
      <Field label="Name of the group" value={name} onValue={setName} maxLength={100} />
    </TaskForm>
  );
}

function AddForm({ conversation }: { conversation: Conversation }) {
  const [text, setText] = useState('');
  const task = useTask();
  const userIds = splitUserIds(text);
  const add = async () => {
    await conversation.add(userIds);
    setText('');
  };
  return (
    <TaskForm task={task} onSubmit={add} label="Add" isMinor isReady={userIds.length > 0}>
      <Field
        label="Add people"
        hint="User names separated by commas. They can read what is sent from now on."
        value={text}
        onValue={setText}
        autocapitalize="none"
        spellcheck={false}
      />
    </TaskForm>
  );
}
