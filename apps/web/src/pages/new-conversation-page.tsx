import { useState } from 'preact/hooks';
import { Field } from '../parts/field.tsx';
import { PageFrame } from '../parts/page-frame.tsx';
import { TaskForm } from '../parts/task-form.tsx';
import { toHash } from '../session/routes.ts';
import { useClient } from '../session/session.ts';
import { go } from '../session/use-route.ts';
import { useTask } from '../session/use-task.ts';

export function NewConversationPage() {
  const client = useClient();
  const [userId, setUserId] = useState('');
  const task = useTask();
  const begin = async () => {
    const { id } = await client.direct(userId.trim());
    go({ page: 'conversation', id });
  };
  return (
    <PageFrame title="New conversation">
      <TaskForm task={task} onSubmit={begin} label="Begin" busy="Fetching keys…">
        <Field
          label="User name"
          hint="The person you want to write to. They see it as a request first."
          value={userId}
          onValue={setUserId}
          autocapitalize="none"
          spellcheck={false}
          required
          isFocused
        />
      </TaskForm>
      <p>
        <a href={toHash({ page: 'join' })}>Join a group by a link</a>
      </p>
    </PageFrame>
  );
}
