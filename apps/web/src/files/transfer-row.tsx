import { useEffect, useReducer } from 'preact/hooks';
import { ErrorText } from '../parts/error-text.tsx';
import { IconButton } from '../parts/icon-button.tsx';
import { sizeText } from '../text/size.ts';
import type { Moving } from './transfers.ts';

type Properties = { label: string; moving: Moving; onDrop(): void };

/** The progress of a transfer and its controls; or why it failed. */
export function TransferRow({ label, moving, onDrop }: Properties) {
  const { transfer, error } = moving;
  const [, render] = useReducer((count: number) => count + 1, 0);
  useEffect(() => transfer?.onProgress(() => render(undefined)), [transfer]);
  if (error !== undefined) {
    return (
      <div class="transfer">
        <span class="transfer-label">{label}</span>
        <IconButton icon="close" label={`Dismiss: ${label}`} onClick={onDrop} />
        <ErrorText error={error} />
      </div>
    );
  }
  const { doneBytes = 0, totalBytes = 1 } = transfer?.progress ?? {};
  const isPaused = transfer?.isPaused ?? false;
  const toggle = () => {
    if (isPaused) transfer?.resume();
    else transfer?.pause();
    render(undefined);
  };
  return (
    <div class="transfer">
      <span class="transfer-label">{label}</span>
      {transfer !== undefined && (
        <IconButton
          icon={isPaused ? 'play' : 'pause'}
          label={`${isPaused ? 'Resume' : 'Pause'}: ${label}`}
          onClick={toggle}
        />
      )}
      <IconButton icon="close" label={`Cancel: ${label}`} onClick={onDrop} />
      <progress aria-label={label} max={Math.max(totalBytes, 1)} value={doneBytes} />
      <span class="hint">{stateOf(moving)}</span>
    </div>
  );
}

function stateOf({ transfer }: Moving): string {
  if (transfer === undefined) return 'waits';
  const { doneBytes, totalBytes } = transfer.progress;
  const far = `${sizeText(doneBytes)} of ${sizeText(totalBytes)}`;
  return transfer.isPaused ? `paused, ${far}` : far;
}
