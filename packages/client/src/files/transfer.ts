import { Emitter } from '../events.ts';
import { TransferCancelled } from './errors.ts';

/** In bytes of the file's content. Never decreases. */
export type Progress = { readonly doneBytes: number; readonly totalBytes: number };

/** A file in transfer. Resumes by itself when the connection comes back. */
export interface Transfer<T> {
  readonly fileId: string;
  /** Rejects with `TransferCancelled`, `TransferFailed` or `FileNotGenuine`. */
  readonly done: Promise<T>;
  readonly progress: Progress;
  readonly isPaused: boolean;
  /** Called at most ten times a second, and at the end. Returns a function that removes the listener. */
  onProgress(listener: (progress: Progress) => void): () => void;
  /** Chunks in progress continue; no new ones start. */
  pause(): void;
  resume(): void;
  cancel(): void;
}

const TELL_EVERY_MS = 100;

/** The working side of a transfer: checks before each step whether to go on, and reports progress. */
export class Course {
  readonly #events = new Emitter<{ progress: Progress }>();
  readonly #ending = new AbortController();
  #progress: Progress;
  #gate: PromiseWithResolvers<void> | undefined;
  #toldAtMs = Number.NEGATIVE_INFINITY;

  constructor(totalBytes: number) {
    this.#progress = { doneBytes: 0, totalBytes };
  }

  get signal(): AbortSignal {
    return this.#ending.signal;
  }

  /** Resolves when not paused. Rejects when cancelled. */
  async mayGoOn(): Promise<void> {
    while (this.#gate && !this.signal.aborted) await this.#gate.promise;
    this.signal.throwIfAborted();
  }

  reached(doneBytes: number): void {
    const { totalBytes } = this.#progress;
    const bytes = Math.min(totalBytes, Math.floor(doneBytes));
    if (bytes <= this.#progress.doneBytes) return;
    this.#progress = { doneBytes: bytes, totalBytes };
    const nowMs = performance.now();
    if (bytes < totalBytes && nowMs - this.#toldAtMs < TELL_EVERY_MS) return;
    this.#toldAtMs = nowMs;
    this.#events.emit('progress', this.#progress);
  }

  asTransfer<T>(fileId: string, done: Promise<T>): Transfer<T> {
    const course = this;
    return {
      fileId,
      done,
      get progress() {
        return course.#progress;
      },
      get isPaused() {
        return course.#gate !== undefined;
      },
      onProgress: (listener) => this.#events.on('progress', listener),
      pause: () => {
        this.#gate ??= Promise.withResolvers<void>();
      },
      resume: () => this.#open(),
      cancel: () => {
        this.#ending.abort(new TransferCancelled('the transfer was cancelled'));
        this.#open();
      },
    };
  }

  #open(): void {
    this.#gate?.resolve();
    this.#gate = undefined;
  }
}
