import type { Transfer } from '@securechat/client/files';
import { CommandFailed } from '../failures.ts';
import { progressBar } from '../files/progress-bar.ts';

type Named = { readonly label: string; readonly transfer: Transfer<unknown> };

/** Transfers of the messenger, numbered from 1. */
export class TuiTransfers {
  readonly #running = new Map<number, Named>();
  readonly #changed: () => void;
  #last = 0;

  constructor(changed: () => void) {
    this.#changed = changed;
  }

  /** Shows it until it ends. */
  follow(label: string, transfer: Transfer<unknown>): void {
    const number = this.#running.size === 0 ? 1 : this.#last + 1;
    this.#last = number;
    this.#running.set(number, { label, transfer });
    transfer.onProgress(this.#changed);
    const end = (): void => {
      this.#running.delete(number);
      this.#changed();
    };
    transfer.done.then(end, end);
    this.#changed();
  }

  /** The transfer with this number, by default the newest. Throws advice when there is none. */
  find(number: string): Transfer<unknown> {
    const wanted = number === '' ? [...this.#running.keys()].at(-1) : Number(number);
    const found = wanted === undefined ? undefined : this.#running.get(wanted);
    if (found) return found.transfer;
    throw new CommandFailed('There is no such transfer.', '/send PATH starts one, /save N PATH downloads.');
  }

  toggle(number: string): 'is paused' | 'goes on' {
    const transfer = this.find(number);
    const isPaused = transfer.isPaused;
    if (isPaused) transfer.resume();
    else transfer.pause();
    this.#changed();
    return isPaused ? 'goes on' : 'is paused';
  }

  /** One for each. */
  lines(): string[] {
    return [...this.#running].map(
      ([number, { label, transfer }]) =>
        `${number} ${label} ${progressBar(transfer.progress)}${transfer.isPaused ? ' paused' : ''}`,
    );
  }

  cancelAll(): void {
    for (const { transfer } of this.#running.values()) transfer.cancel();
  }
}
