/**
 * Does `work` every `everyMs`, first after that time. One run at a time: a turn that comes while the last one still runs
 * is skipped. `work` must end by itself; `onFailure` gets what it rejects with, and the next turn tries again.
 */
export function repeatEvery(
  everyMs: number,
  work: () => Promise<unknown>,
  onFailure: (err: unknown) => void,
): { stop(): Promise<void> } {
  let running: Promise<void> | undefined;
  const timer = setInterval(() => {
    running ??= work()
      .then(() => undefined, onFailure)
      .finally(() => {
        running = undefined;
      });
  }, everyMs);

  return {
    /** Resolves when the running turn has ended. */
    async stop() {
      clearInterval(timer);
      await running;
    },
  };
}
