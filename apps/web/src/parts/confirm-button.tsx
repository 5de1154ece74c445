import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { useTask } from '../session/use-task.ts';
import { ErrorText } from './error-text.tsx';

type Properties = { question: string; onConfirm(): Promise<unknown>; children: ComponentChildren };

/** For what cannot be taken back: asks where it stands, and does it on the second press. */
export function ConfirmButton({ question, onConfirm, children }: Properties) {
  const [isAsking, setAsking] = useState(false);
  const task = useTask();
  if (!isAsking) {
    return (
      <button type="button" class="button is-danger" onClick={() => setAsking(true)}>
        {children}
      </button>
    );
  }
  const confirm = async () => {
    if (await task.run(onConfirm)) setAsking(false);
  };
  return (
    <fieldset class="confirm">
      <legend class="only-heard">{question}</legend>
      <p aria-hidden="true">{question}</p>
      <ErrorText error={task.error} />
      <div class="button-row">
        <button type="button" class="button is-danger" disabled={task.isBusy} onClick={confirm}>
          {children}
        </button>
        <button type="button" class="button" ref={focusFirst} onClick={() => setAsking(false)}>
          Cancel
        </button>
      </div>
    </fieldset>
  );
}

/** What does nothing is what Enter does. */
function focusFirst(button: HTMLButtonElement | null): void {
  button?.focus();
}
