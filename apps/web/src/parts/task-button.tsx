import type { ComponentChildren } from 'preact';
import { useTask } from '../session/use-task.ts';
import { ErrorText } from './error-text.tsx';

type Properties = { onRun(): Promise<unknown>; isMain?: boolean; children: ComponentChildren };

/** Runs a longer action, one at a time, and shows its error. */
export function TaskButton({ onRun, isMain, children }: Properties) {
  const task = useTask();
  return (
    <>
      <button
        type="button"
        class={isMain ? 'button is-main' : 'button'}
        aria-disabled={task.isBusy}
        onClick={() => void task.run(onRun)}
      >
        {children}
      </button>
      <ErrorText error={task.error} />
    </>
  );
}
