import { RequestTimedOut } from '@securechat/client';
import { openGroupLinks } from '@securechat/client/group-links';
import { useEffect, useState } from 'preact/hooks';
import { Field } from '../parts/field.tsx';
import { PageFrame } from '../parts/page-frame.tsx';
import { TaskForm } from '../parts/task-form.tsx';
import { useClient } from '../session/session.ts';
import { go } from '../session/use-route.ts';
import { useTask } from '../session/use-task.ts';

const NOT_ANSWERED =
  'No device of the person who made the link has answered. You need not ask again: the group appears in the list once one does.';

/** Joins a group by a link. Opening a link does nothing by itself, because its maker learns who joins. */
export function JoinPage({ link: opened = '' }: { link?: string | undefined }) {
  const client = useClient();
  const [link, setLink] = useState(opened);
  const task = useTask();
  useEffect(() => {
    // whoever has it can use it, so it must not stay in the browser's history
    if (opened !== '') history.replaceState(null, '', '#/join');
  }, [opened]);
  const join = async () => {
    try {
      const { id } = await openGroupLinks(client).join(link);
      go({ page: 'conversation', id });
    } catch (error) {
      throw error instanceof RequestTimedOut ? new Error(NOT_ANSWERED) : error;
    }
  };
  return (
    <PageFrame title="Join a group">
      <TaskForm task={task} onSubmit={join} label="Join" busy="Waiting to be added…">
        <Field
          label="Link"
          hint="Whoever made it adds you once one of their devices is online, and learns your user name."
          value={link}
          onValue={setLink}
          autocapitalize="none"
          spellcheck={false}
          required
          isFocused
        />
      </TaskForm>
    </PageFrame>
  );
}
