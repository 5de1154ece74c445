import { type Link, RequestTimedOut, SecureChat } from '@securechat/client';
import { useEffect, useRef, useState } from 'preact/hooks';
import { Copyable } from '../parts/copyable.tsx';
import { Field } from '../parts/field.tsx';
import { QrCode } from '../parts/qr-code.tsx';
import { TaskForm } from '../parts/task-form.tsx';
import { useTask } from '../session/use-task.ts';
import type { DoorProperties } from './door-page.tsx';
import { ownName } from './opening.ts';

const NOT_AGREED =
  'Your other device has not approved, or the server could not be reached. Start again on both.';

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
      throw error instanceof RequestTimedOut ? new Error(NOT_AGREED) : error;
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

function LinkAnswer({ code }: { code: string }) {
  const section = useRef<HTMLElement>(null);
  // the button that led here is gone
  useEffect(() => section.current?.focus(), []);
  return (
    <section aria-label="Link this device" ref={section} tabIndex={-1}>
      <p>
        Enter this code on your other device within five minutes, and leave this page open. Once it is
        approved there, your conversations appear here.
      </p>
      <QrCode text={code} label="The code of this device as a QR code" />
      <Copyable text={code} label="Code of this device" />
      <p class="hint" role="status">
        Waiting for the other device…
      </p>
    </section>
  );
}
