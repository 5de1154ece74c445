import type { ComponentChildren } from 'preact';
import type { Task } from '../session/use-task.ts';
import { ErrorText } from './error-text.tsx';

type Properties = {
  task: Task;
  onSubmit(): Promise<unknown>;
  /** Of the button; `busy` while it is under way. */
  label: string;
  busy?: string;
  children: ComponentChildren;
};

/** Fields with one button under them, which does something that takes a while; why it failed stands between. */
export function TaskForm({ task, onSubmit, label, busy = label, children }: Properties) {
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        void task.run(onSubmit);
      }}
    >
      {children}
      <ErrorText error={task.error} />
      <button type="submit" class="button is-main" disabled={task.isBusy}>
        {task.isBusy ? busy : label}
      </button>
    </form>
  );
}
