import { useState } from 'preact/hooks';
import { Copyable } from '../parts/copyable.tsx';
import { TaskButton } from '../parts/task-button.tsx';
import { useClient } from '../session/session.ts';

/** Shown only on request: whoever reads it controls the account. */
export function RecoveryCode() {
  const client = useClient();
  const [code, setCode] = useState<string>();
  return (
    <section aria-labelledby="recovery-title">
      <h2 id="recovery-title">Recovery code</h2>
      <p>
        If you lose all your devices, this code brings the account back. Write it down and keep it where
        nobody finds it: whoever has it controls the account.
      </p>
      {code === undefined ? (
        <TaskButton onRun={async () => setCode(await client.recoveryCode())}>Show recovery code</TaskButton>
      ) : (
        <>
          <Copyable text={code} label="Recovery code" />
          <button type="button" class="button" onClick={() => setCode(undefined)}>
            Hide
          </button>
        </>
      )}
    </section>
  );
}
