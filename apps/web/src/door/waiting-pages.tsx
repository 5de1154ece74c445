import type { ComponentChildren } from 'preact';
import { ConfirmButton } from '../parts/confirm-button.tsx';
import { TaskButton } from '../parts/task-button.tsx';
import { errorText } from '../text/error-text.ts';

/** A page with a single card. */
export function Card({ title, children }: { title: string; children: ComponentChildren }) {
  return (
    <main class="card-page">
      <div class="card">
        <h1>{title}</h1>
        {children}
      </div>
    </main>
  );
}

export function OpeningPage() {
  return (
    <main class="card-page" aria-busy="true">
      <p class="hint" role="status">
        Opening…
      </p>
    </main>
  );
}

export function InUsePage({ onTakeOver }: { onTakeOver(): Promise<void> }) {
  return (
    <Card title="Open in another tab">
      <p>SecureChat is open in another tab or window of this browser. Only one can be used at a time.</p>
      <TaskButton isMain onRun={onTakeOver}>
        Use it here
      </TaskButton>
    </Card>
  );
}

export function MovedPage({ onTakeOver }: { onTakeOver(): Promise<void> }) {
  return (
    <Card title="Continued in another tab">
      <p>You have opened SecureChat in another tab. This one is paused.</p>
      <TaskButton isMain onRun={onTakeOver}>
        Use it here
      </TaskButton>
    </Card>
  );
}

export function FailedPage({ error, onAgain }: { error: unknown; onAgain(): Promise<void> }) {
  return (
    <Card title="That did not work">
      <p role="alert">{errorText(error)}</p>
      <TaskButton isMain onRun={onAgain}>
        Try again
      </TaskButton>
    </Card>
  );
}

export function EndedPage({ error, onForget }: { error: Error; onForget(): Promise<void> }) {
  return (
    <Card title="This device is no longer connected">
      <p role="alert">{errorText(error)}</p>
      <p>
        Reload the page to try again. To link this browser again, first delete what is stored here; it stays
        until then.
      </p>
      <div class="button-row">
        <button type="button" class="button is-main" onClick={() => location.reload()}>
          Load anew
        </button>
        <ConfirmButton question="Delete all messages and keys in this browser?" onConfirm={onForget}>
          Delete what is stored here
        </ConfirmButton>
      </div>
    </Card>
  );
}
