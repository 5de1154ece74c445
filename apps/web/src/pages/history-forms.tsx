import { useState } from 'preact/hooks';
import { ErrorText } from '../parts/error-text.tsx';
import { Field } from '../parts/field.tsx';
import { useClient } from '../session/session.ts';
import { useTask } from '../session/use-task.ts';
import { count } from '../text/message-text.ts';

/** All conversations as an encrypted file, and back. */
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
    <form
      class="inline-form"
      onSubmit={(event) => {
        event.preventDefault();
        void task.run(save);
      }}
    >
      <Field
        label="Passphrase for the export"
        hint="Several words. Without it nobody can read the file, you neither."
        isSecret
        value={passphrase}
        onValue={setPassphrase}
        required
      />
      <button type="submit" class="button" disabled={task.isBusy}>
        Export history
      </button>
      <ErrorText error={task.error} />
    </form>
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
    <form
      class="inline-form"
      onSubmit={(event) => {
        event.preventDefault();
        void task.run(load);
      }}
    >
      <label class="field">
        File
        <input type="file" required onChange={(event) => setFile(event.currentTarget.files?.[0])} />
      </label>
      <Field label="Passphrase of the file" isSecret value={passphrase} onValue={setPassphrase} required />
      <button type="submit" class="button" disabled={task.isBusy}>
        Import history
      </button>
      {added !== undefined && <p role="status">{count(added, 'message')} added.</p>}
      <ErrorText error={task.error} />
    </form>
  );
}

function download(file: Uint8Array, name: string): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([file.slice()]));
  link.download = name;
  link.click();
  URL.revokeObjectURL(link.href);
}
