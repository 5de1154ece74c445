import { useEffect, useRef, useState } from 'preact/hooks';

export type Task = {
  readonly isBusy: boolean;
  readonly error: unknown;
  /** Runs it unless one is running. Resolves with whether it succeeded; `error` says why not. */
  run(work: () => Promise<unknown>): Promise<boolean>;
};

/**
 * An action started by the user: running, or failed with a reason. Meanwhile its button is `aria-disabled`: a `disabled` one would lose
 * the focus, and keyboard users would be back at the top of the page.
 */
export function useTask(): Task {
  const [state, setState] = useState<{ isBusy: boolean; error: unknown }>({
    isBusy: false,
    error: undefined,
  });
  const running = useRef(false);
  const isGone = useRef(false);
  useEffect(() => {
    return () => {
      isGone.current = true;
    };
  }, []);

  async function run(work: () => Promise<unknown>): Promise<boolean> {
    if (running.current) return false;
    running.current = true;
    setState({ isBusy: true, error: undefined });
    let error: unknown;
    try {
      await work();
    } catch (thrown) {
      error = thrown ?? new Error('unknown');
    }
    running.current = false;
    if (!isGone.current) setState({ isBusy: false, error });
    return error === undefined;
  }

  return { ...state, run };
}
