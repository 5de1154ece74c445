/** A client's concurrent requests to the files service: about 1 MiB of chunks in all. */
const MOST_AT_ONCE = 4;

/**
 * A client's file requests run beside its other frames, so that a slow or unavailable files service delays no
 * messages. A client with too many requests in flight waits, and so do the frames behind.
 */
export class FileWindow {
  #running = 0;
  #waiting: (() => void)[] = [];

  /** `work` handles its own errors. Returns a promise to wait for while too many are in flight. */
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
