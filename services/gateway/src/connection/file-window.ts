/** Of one client, on their way at once to the files service and back: chunks of about 1 MiB in all. */
const MOST_AT_ONCE = 4;

/**
 * What a client asks about files runs beside its other frames, so that a files service that is slow or away holds up
 * nobody's messages. Whoever asks for too much at once waits, and so do the frames behind it.
 */
export class FileWindow {
  #running = 0;
  #waiting: (() => void)[] = [];

  /** `work` deals with its own errors. A promise, to be waited for, while there is too much. */
  run(work: () => Promise<void>): Promise<void> | undefined {
    if (this.#running < MOST_AT_ONCE) {
      this.#start(work);
      return undefined;
    }
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiting.push(resolve);
    return promise.then(() => this.#start(work));
  }

  #start(work: () => Promise<void>): void {
    this.#running++;
    void work().finally(() => {
      this.#running--;
      this.#waiting.shift()?.();
    });
  }
}
