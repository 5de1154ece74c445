import { useState } from 'preact/hooks';
import { ErrorText } from '../parts/error-text.tsx';
import { Field } from '../parts/field.tsx';
import { PageFrame } from '../parts/page-frame.tsx';
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
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void task.run(begin);
        }}
      >
        <Field
          label="User name"
          hint="Of the person you want to write to. They see it as a request first."
          value={userId}
          onValue={setUserId}
          autocapitalize="none"
          spellcheck={false}
          required
          isFocused
        />
        <ErrorText error={task.error} />
        <button type="submit" class="button is-main" disabled={task.isBusy}>
          {task.isBusy ? 'Fetching keys…' : 'Begin'}
        </button>
      </form>
      <p>
        <a href={toHash({ page: 'join' })}>Join a group by a link</a>
      </p>
    </PageFrame>
  );
}
