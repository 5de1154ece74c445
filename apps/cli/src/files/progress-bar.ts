import type { Progress } from '@securechat/client/files';

const CELLS = 20;

export function percentOf({ doneBytes, totalBytes }: Progress): number {
  return totalBytes === 0 ? 100 : Math.floor((doneBytes / totalBytes) * 100);
}

/** Of constant width: `███░░░  15 %`. */
export function progressBar(progress: Progress): string {
  const percent = percentOf(progress);
  const full = Math.floor((percent / 100) * CELLS);
  return `${'█'.repeat(full)}${'░'.repeat(CELLS - full)} ${String(percent).padStart(3)} %`;
}

/** Decimal units, as the server counts. */
export function sizeText(bytes: number): string {
  if (bytes < 1_000) return `${bytes} bytes`;
  const [unit, size] = bytes < 1_000_000 ? ['KB', 1_000] : bytes < 1e9 ? ['MB', 1e6] : ['GB', 1e9];
  return `${(bytes / (size as number)).toFixed(1)} ${unit}`;
}
