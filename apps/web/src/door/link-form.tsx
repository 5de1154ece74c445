import { type Link, SecureChat } from '@securechat/client';
import { useEffect, useRef, useState } from 'preact/hooks';
import { Field } from '../parts/field.tsx';
import { TaskForm } from '../parts/task-form.tsx';
import { useTask } from '../session/use-task.ts';
import type { DoorProperties } from './door-page.tsx';
import { LinkAnswer, linkFailure } from './link-answer.tsx';
import { ownName } from './opening.ts';

/** Two codes, one in each direction: the first identifies the account, the second the device. */
export function LinkForm({ door, onEnter }: DoorProperties) {
  const [code, setCode] = useState('');
  const [answer, setAnswer] = useState<string>();
  const link = useRef<Link>(undefined);
  const task = useTask();
  useEffect(() => () => link.current?.cancel(), []);

  const begin = async () => {
    const begun = await SecureChat.link({ store: door.store, deviceName: ownName(), code: code.trim() });
    link.current = begun;
    setAnswer(begun.code);
    try {
      onEnter(await begun.done);
    } catch (error) {
      // these codes are of no use any more
      setAnswer(undefined);
      throw linkFailure(error);
    }
  };

  if (answer !== undefined) return <LinkAnswer code={answer} />;
  return (
    <TaskForm task={task} onSubmit={begin} label="Continue">
      <Field
        label="Code of your other device"
        hint="On that device: Devices, then “Link a device”. It is valid for ten minutes."
        value={code}
        onValue={setCode}
        spellcheck={false}
        required
        isFocused
      />
    </TaskForm>
  );
}
