import { type Link, SecureChat } from '@securechat/client';
import { useEffect, useRef, useState } from 'preact/hooks';
import { Copyable } from '../parts/copyable.tsx';
import { ErrorText } from '../parts/error-text.tsx';
import { Field } from '../parts/field.tsx';
import { QrCode } from '../parts/qr-code.tsx';
import { TaskForm } from '../parts/task-form.tsx';
import { useTask } from '../session/use-task.ts';
import type { DoorProperties } from './door-page.tsx';

/** Two codes, one in each direction: the first says which account, the second which device. */
export function LinkForm({ door, onEnter }: DoorProperties) {
  const [code, setCode] = useState('');
  const [answer, setAnswer] = useState<string>();
  const link = useRef<Link>(undefined);
  const task = useTask();
  useEffect(() => () => link.current?.cancel(), []);

  const begin = async () => {
    const begun = await SecureChat.link({ store: door.store, code: code.trim() });
    link.current = begun;
    setAnswer(begun.code);
    onEnter(await begun.done);
  };

  if (answer !== undefined) return <LinkAnswer code={answer} error={task.error} />;
  return (
    <TaskForm task={task} onSubmit={begin} label="Continue">
      <Field
        label="Code of your other device"
        hint="There: Devices, then “Link a device”. It is good for ten minutes."
        value={code}
        onValue={setCode}
        spellcheck={false}
        required
        isFocused
      />
    </TaskForm>
  );
}

function LinkAnswer({ code, error }: { code: string; error: unknown }) {
  return (
    <section aria-label="Link this device">
      <p>Give this code to your other device. When it has agreed, your conversations appear here.</p>
      <QrCode text={code} label="The code of this device as a QR code" />
      <Copyable text={code} label="Code of this device" />
      {error === undefined ? (
        <p class="hint" role="status">
          Waiting for the other device…
        </p>
      ) : (
        <ErrorText error={error} />
      )}
    </section>
  );
}
