import { useReducer } from 'preact/hooks';
import { ErrorText } from '../parts/error-text.tsx';
import { useNames } from '../parts/use-names.ts';
import { useTask } from '../session/use-task.ts';
import { useDirect } from './use-direct.ts';

/** Whether this browser may connect directly to those of one person. */
export function DirectForm({ userId }: { userId: string }) {
  const direct = useDirect();
  const { nameOf } = useNames();
  const task = useTask();
  const [, render] = useReducer((times: number) => times + 1, 0);
  if (direct === undefined) return null;
  const allow = async (isAllowed: boolean) => {
    await direct.allow(userId, isAllowed);
    render(undefined);
  };
  const name = nameOf(userId);
  return (
    <section aria-labelledby="direct-title">
      <h2 id="direct-title">Direct connection</h2>
      <label class="check">
        <input
          type="checkbox"
          checked={direct.isAllowed(userId)}
          disabled={task.isBusy}
          onChange={(event) => {
            const isAllowed = event.currentTarget.checked;
            void task.run(() => allow(isAllowed));
          }}
        />
        Connect directly with {name}; they will see your IP address
      </label>
      <p>
        Only if {name} allows it as well. Messages then arrive sooner; they all go through the server, too,
        which learns that you are connected.
      </p>
      <ErrorText error={task.error} />
    </section>
  );
}
