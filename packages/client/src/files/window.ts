/** Chunks under way at once. As many are in memory, and so the size of a file does not matter. */
export const MOST_CHUNKS = 3;

/** Runs work beside each other, so much at once. */
export class Window {
  readonly #running = new Set<Promise<void>>();
  #fault: { error: unknown } | undefined;

  /** Resolves when it was begun. Rejects with the first fault of any work. */
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
