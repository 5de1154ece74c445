export type SharedRuns = {
  /** Gets a run that begins after asking, so it sees what was true then. Settles as that run does. */
  ask(): Promise<void>;
  /** Resolves when every run that was asked for has ended. */
  ended(): Promise<void>;
};

/** For work that several may ask for at once: one run at a time, shared by all who wait for it. */
export function shareRuns(work: () => Promise<void>): SharedRuns {
  let last: Promise<void> = Promise.resolve();
  let waiting: Promise<void> | undefined;

  function begin(): Promise<void> {
    waiting = undefined;
    return work();
  }

  return {
    ask() {
      waiting ??= last.then(begin, begin);
      last = waiting;
      return waiting;
    },
    async ended() {
      await Promise.allSettled([last]);
    },
  };
}
