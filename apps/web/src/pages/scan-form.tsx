import { useState } from 'preact/hooks';
import { Field } from '../parts/field.tsx';
import { TaskForm } from '../parts/task-form.tsx';
import { useClient } from '../session/session.ts';
import { useTask } from '../session/use-task.ts';

type Properties = { userId: string; onVerified(): Promise<void> };

/** The page does not use the camera: a scanner app gives the text of the other's code. */
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
      <TaskForm task={task} onSubmit={verify} label="Compare" isMinor>
        <Field
          label="Text of their code"
          hint="Scan it with any QR scanner, and paste the text here."
          value={text}
          onValue={setText}
          spellcheck={false}
          required
        />
      </TaskForm>
    </details>
  );
}
