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
        The push service of the browser's maker learns that something waits for this browser, and when; not
        what, nor from whom. What the notification says is decrypted here, and kept by the system.
      </p>
      <ErrorText error={task.error} />
    </section>
  );
}
