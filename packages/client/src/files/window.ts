/** Chunks in progress at once, and thus in memory, whatever the file's size. */
export const MOST_CHUNKS = 3;

/** Runs a limited number of tasks concurrently. */
export class Window {
  readonly #running = new Set<Promise<void>>();
  #fault: { error: unknown } | undefined;

  /** Resolves when the task has started. Rejects with the first error of any task. */
  async run(work: () => Promise<void>): Promise<void> {
    while (this.#running.size >= MOST_CHUNKS) await Promise.race(this.#running);
    this.#throwFault();
    const running: Promise<void> = work()
      .catch((error: unknown) => {
        this.#fault ??= { error };
      })
      .finally(() => this.#running.delete(running));
    this.#running.add(running);
  }

  async idle(): Promise<void> {
    await Promise.all(this.#running);
    this.#throwFault();
  }

  #throwFault(): void {
    if (this.#fault) throw this.#fault.error;
  }
}
