import { useState } from 'preact/hooks';
import { Field } from '../parts/field.tsx';
import { PageFrame } from '../parts/page-frame.tsx';
import { TaskForm } from '../parts/task-form.tsx';
import { useClient } from '../session/session.ts';
import { go } from '../session/use-route.ts';
import { useTask } from '../session/use-task.ts';
import { splitUserIds } from '../text/user-ids.ts';

export function NewGroupPage() {
  const client = useClient();
  const [name, setName] = useState('');
  const [members, setMembers] = useState('');
  const task = useTask();
  const create = async () => {
    const { id } = await client.createGroup({ name: name.trim(), members: splitUserIds(members) });
    go({ page: 'conversation', id });
  };
  return (
    <PageFrame title="New group">
      <TaskForm task={task} onSubmit={create} label="Create group" busy="Fetching keys…">
        <Field
          label="Name of the group"
          hint="Only members can read it; the server cannot."
          value={name}
          onValue={setName}
          maxLength={100}
          isFocused
        />
        <Field
          label="Members"
          hint="User names separated by commas. You can add people later, too, also by a link."
          value={members}
          onValue={setMembers}
          autocapitalize="none"
          spellcheck={false}
        />
      </TaskForm>
    </PageFrame>
  );
}
