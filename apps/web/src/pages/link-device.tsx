import { useState } from 'preact/hooks';
import { Copyable } from '../parts/copyable.tsx';
import { ErrorText } from '../parts/error-text.tsx';
import { Field } from '../parts/field.tsx';
import { QrCode } from '../parts/qr-code.tsx';
import { TaskButton } from '../parts/task-button.tsx';
import { useClient } from '../session/session.ts';
import { useTask } from '../session/use-task.ts';

/** Two codes, one in each direction, so that neither side can be talked into the wrong one. */
export function LinkDevice({ onLinked }: { onLinked(): Promise<void> }) {
  const client = useClient();
  const [ownCode, setOwnCode] = useState<string>();
  const [answer, setAnswer] = useState('');
  const task = useTask();
  const approve = async () => {
    await client.approveLink(answer.trim());
    setOwnCode(undefined);
    setAnswer('');
    await onLinked();
  };

  return (
    <section aria-labelledby="link-title">
      <h2 id="link-title">Link a device</h2>
      {ownCode === undefined ? (
        <>
          <p>A phone, another browser: it gets your account and your conversations.</p>
          <TaskButton isMain onRun={async () => setOwnCode(await client.linkCode())}>
            Link a device
          </TaskButton>
        </>
      ) : (
        <form
          onSubmit={(event) => {
            event.preventDefault();
            void task.run(approve);
          }}
        >
          <p>1. On the new device choose “Link device”, and give it this code. It is good for ten minutes.</p>
          <QrCode text={ownCode} label="Code for the new device as a QR code" />
          <Copyable text={ownCode} label="Code for the new device" />
          <p>2. Give this device the code that the new one shows then.</p>
          <Field
            label="Code of the new device"
            value={answer}
            onValue={setAnswer}
            spellcheck={false}
            required
          />
          <ErrorText error={task.error} />
          <div class="button-row">
            <button type="submit" class="button is-main" disabled={task.isBusy}>
              {task.isBusy ? 'Linking…' : 'Link'}
            </button>
            <button type="button" class="button" onClick={() => setOwnCode(undefined)}>
              Cancel
            </button>
          </div>
        </form>
      )}
    </section>
  );
}
