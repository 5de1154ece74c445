import { useState } from 'preact/hooks';
import { ErrorText } from '../parts/error-text.tsx';
import { Field } from '../parts/field.tsx';
import { useClient } from '../session/session.ts';
import { useTask } from '../session/use-task.ts';

type Properties = { userId: string; onVerified(): Promise<void> };

/** The page has no camera: a scanner app gives the text of the other's code. */
export function ScanForm({ userId, onVerified }: Properties) {
  const client = useClient();
  const [text, setText] = useState('');
  const task = useTask();
  const verify = async () => {
    await client.verifyScanned(userId, text.trim());
    setText('');
    await onVerified();
  };
  return (
    <details>
      <summary>Compare by their QR code</summary>
      <form
        class="inline-form"
        onSubmit={(event) => {
          event.preventDefault();
          void task.run(verify);
        }}
      >
        <Field
          label="Text of their code"
          hint="Scan it with any scanner, and paste what it says."
          value={text}
          onValue={setText}
          spellcheck={false}
          required
        />
        <button type="submit" class="button" disabled={task.isBusy}>
          Compare
        </button>
        <ErrorText error={task.error} />
      </form>
    </details>
  );
}
