import { useRef, useState } from 'preact/hooks';
import { Copyable } from '../parts/copyable.tsx';
import { ErrorText } from '../parts/error-text.tsx';
import { Field } from '../parts/field.tsx';
import { QrCode } from '../parts/qr-code.tsx';
import { TaskButton } from '../parts/task-button.tsx';
import { useClient } from '../session/session.ts';
import { useTask } from '../session/use-task.ts';

/** Two codes, one in each direction, so that neither side can be tricked into the wrong one. */
export function LinkDevice({ onLinked }: { onLinked(): Promise<void> }) {
  const client = useClient();
  const [ownCode, setOwnCode] = useState<string>();
  const [answer, setAnswer] = useState('');
  const [isLinked, setLinked] = useState(false);
  const heading = useRef<HTMLHeadingElement>(null);
  const task = useTask();
  /** The pressed button disappears, so the focus moves to the heading. */
  const show = (code: string | undefined) => {
    setOwnCode(code);
    setAnswer('');
    heading.current?.focus();
  };
  const begin = async () => {
    setLinked(false);
    show(await client.linkCode());
  };
  const approve = async () => {
    await client.approveLink(answer.trim());
    setLinked(true);
    show(undefined);
    await onLinked();
  };

  return (
    <section aria-labelledby="link-title">
      <h2 id="link-title" ref={heading} tabIndex={-1}>
        Link a device
      </h2>
      <p class="hint" role="status">
        {isLinked &&
          'The new device is linked. Leave this page open until your conversations have arrived there.'}
      </p>
      {ownCode === undefined ? (
        <>
          <p>Use your account and your conversations on a phone or in another browser, too.</p>
          <TaskButton isMain onRun={begin}>
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
          <p>1. On the new device choose “Link device”, and enter this code. It is valid for ten minutes.</p>
          <QrCode text={ownCode} label="Code for the new device as a QR code" />
          <Copyable text={ownCode} label="Code for the new device" />
          <p>2. Enter here the code that the new device then shows.</p>
          <Field
            label="Code of the new device"
            value={answer}
            onValue={setAnswer}
            spellcheck={false}
            required
          />
          <ErrorText error={task.error} />
          <div class="button-row">
            <button type="submit" class="button is-main" aria-disabled={task.isBusy}>
              {task.isBusy ? 'Linking…' : 'Link'}
            </button>
            <button type="button" class="button" onClick={() => show(undefined)}>
              Cancel
            </button>
          </div>
        </form>
      )}
    </section>
  );
}
