import { useEffect, useRef, useState } from 'preact/hooks';

export type Task = {
  readonly isBusy: boolean;
  readonly error: unknown;
  /** Runs it unless one is running. Resolves with whether it went well; why not is in `error`. */
  run(work: () => Promise<unknown>): Promise<boolean>;
};

/**
 * Something that a person has started: it is under way, or it has failed and says why. Its button is `aria-disabled` meanwhile: one that is
 * `disabled` loses the focus, and who uses the keyboard begins anew at the top of the page.
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
