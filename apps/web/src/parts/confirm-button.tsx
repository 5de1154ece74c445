import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { useTask } from '../session/use-task.ts';
import { ErrorText } from './error-text.tsx';

type Properties = { question: string; onConfirm(): Promise<unknown>; children: ComponentChildren };

/** For irreversible actions: asks in place, and acts on the second press. */
export function ConfirmButton({ question, onConfirm, children }: Properties) {
  /** Undefined until it was asked once: afterwards the focus returns to where the question was. */
  const [isAsking, setAsking] = useState<boolean>();
  const task = useTask();
  if (!isAsking) {
    return (
      <button
        type="button"
        class="button is-danger"
        ref={isAsking === false ? takeFocus : null}
        onClick={() => setAsking(true)}
      >
        {children}
      </button>
    );
  }
  // the panel around it stays open
  const cancel = (event: Event) => {
    event.preventDefault();
    setAsking(false);
  };
  const confirm = async () => {
    if (await task.run(onConfirm)) setAsking(false);
  };
  return (
    <fieldset class="confirm" onKeyDown={(event) => event.key === 'Escape' && cancel(event)}>
      <legend class="only-heard">{question}</legend>
      <p aria-hidden="true">{question}</p>
      <ErrorText error={task.error} />
      <div class="button-row">
        {/* what does nothing is what Enter does: the other one has the focus */}
        <button type="button" class="button is-danger" aria-disabled={task.isBusy} onClick={confirm}>
          {children}
        </button>
        <button type="button" class="button" ref={takeFocus} onClick={() => setAsking(false)}>
          Cancel
        </button>
      </div>
    </fieldset>
  );
}

function takeFocus(button: HTMLButtonElement | null): void {
  button?.focus();
}
