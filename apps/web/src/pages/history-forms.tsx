import { useState } from 'preact/hooks';
import { Field } from '../parts/field.tsx';
import { TaskForm } from '../parts/task-form.tsx';
import { useClient } from '../session/session.ts';
import { useTask } from '../session/use-task.ts';
import { count } from '../text/message-text.ts';

/** Export of all conversations to an encrypted file, and import. */
export function HistoryForms() {
  return (
    <section aria-labelledby="history-title">
      <h2 id="history-title">History</h2>
      <ExportForm />
      <ImportForm />
    </section>
  );
}

function ExportForm() {
  const client = useClient();
  const [passphrase, setPassphrase] = useState('');
  const task = useTask();
  const save = async () => {
    const file = await client.exportHistory(passphrase);
    download(file, `securechat-${client.me.userId}-${new Date().toISOString().slice(0, 10)}.history`);
    setPassphrase('');
  };
  return (
    <TaskForm task={task} onSubmit={save} label="Export history" isMinor>
      <Field
        label="Passphrase for the export"
        hint="Several words. Without it nobody can read the file, not even you."
        isSecret
        value={passphrase}
        onValue={setPassphrase}
        required
      />
    </TaskForm>
  );
}

function ImportForm() {
  const client = useClient();
  const [file, setFile] = useState<File>();
  const [passphrase, setPassphrase] = useState('');
  const [added, setAdded] = useState<number>();
  const task = useTask();
  const load = async () => {
    if (file === undefined) return;
    setAdded(await client.importHistory(new Uint8Array(await file.arrayBuffer()), passphrase));
    setPassphrase('');
  };
  return (
    <TaskForm task={task} onSubmit={load} label="Import history" isMinor>
      <label class="field">
        File
        <input type="file" required onChange={(event) => setFile(event.currentTarget.files?.[0])} />
      </label>
      <Field label="Passphrase of the file" isSecret value={passphrase} onValue={setPassphrase} required />
      {added !== undefined && <p role="status">{count(added, 'message')} added.</p>}
    </TaskForm>
  );
}

function download(file: Uint8Array, name: string): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([file.slice()]));
  link.download = name;
  link.click();
  URL.revokeObjectURL(link.href);
}
