import { ErrorText } from '../parts/error-text.tsx';
import { useTask } from '../session/use-task.ts';
import { useWaking } from './use-waking.ts';

export function WakingForm() {
  const { isOffered, isOn, turn } = useWaking();
  const task = useTask();
  if (!isOffered) return null;
  return (
    <section aria-labelledby="waking-title">
      <h2 id="waking-title">Notifications</h2>
      <label class="check">
        <input
          type="checkbox"
          checked={isOn}
          disabled={task.isBusy}
          onChange={(event) => {
            const isWanted = event.currentTarget.checked;
            void task.run(() => turn(isWanted));
          }}
        />
        Notify me while this page is closed
      </label>
      <p>
        The browser vendor's push service learns that something is waiting for this browser, and when, but not
        what or from whom. The notification's text is decrypted here, and kept by the system.
      </p>
      <ErrorText error={task.error} />
    </section>
  );
}
