import { Emitter } from '../events.ts';
import { TransferCancelled } from './errors.ts';

/** Bytes of the file itself, as a person counts them. Never falls. */
export type Progress = { readonly doneBytes: number; readonly totalBytes: number };

/** A file on its way. Goes on by itself when the connection comes back. */
export interface Transfer<T> {
  readonly fileId: string;
  /** Rejects with `TransferCancelled`, `TransferFailed`, or `FileNotGenuine`. */
  readonly done: Promise<T>;
  readonly progress: Progress;
  readonly isPaused: boolean;
  /** At most ten times a second, and at the end. Returns what takes the listener away again. */
  onProgress(listener: (progress: Progress) => void): () => void;
  /** What is under way goes on; nothing new is begun. */
  pause(): void;
  resume(): void;
  cancel(): void;
}

const TELL_EVERY_MS = 100;

/** The side of a transfer that does the work: asks before each step, and tells how far it is. */
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

  /** Resolves when it may go on. Rejects when it was cancelled. */
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
