import type { ComponentChildren } from 'preact';
import type { Task } from '../session/use-task.ts';
import { ErrorText } from './error-text.tsx';

type Properties = {
  task: Task;
  onSubmit(): Promise<unknown>;
  /** Of the button; `busy` while it is running. */
  label: string;
  busy?: string;
  /** One of several on its page. */
  isMinor?: boolean;
  /** False disables the button, e.g. while the fields are empty. */
  isReady?: boolean;
  children: ComponentChildren;
};

/** Fields and a button that runs a longer action; an error appears between them. */
export function TaskForm(properties: Properties) {
  const { task, onSubmit, label, busy = label, isMinor, isReady = true, children } = properties;
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        void task.run(onSubmit);
      }}
    >
      {children}
      <ErrorText error={task.error} />
      <button
        type="submit"
        class={isMinor ? 'button' : 'button is-main'}
        disabled={!isReady}
        aria-disabled={task.isBusy}
      >
        {task.isBusy ? busy : label}
      </button>
    </form>
  );
}
