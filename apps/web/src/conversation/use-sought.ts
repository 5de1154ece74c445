import { useLayoutEffect, useState } from 'preact/hooks';
import type { Messages } from './use-messages.ts';

/** As many as the SDK returns at once. */
const PAGE = 200;
/** With more on it, a page becomes slow. */
const MOST = 3_000;
const SHOWN_FOR_MS = 2_500;

export type Sought = {
  /** Older messages are being loaded until it is there. */
  readonly isSeeking: boolean;
  /** Why it cannot be shown. */
  readonly obstacle: 'too far back' | 'gone' | undefined;
  seek(messageId: string): void;
};

/** Shows a message: loads back to it, scrolls there and gives it the focus. `asked`: by the address of the page. */
export function useSought(messages: Messages, asked: string | undefined): Sought {
  const { list, isLoaded, hasOlder, error } = messages;
  const [sought, setSought] = useState(asked);
  const [obstacle, setObstacle] = useState<Sought['obstacle']>();

  function seek(messageId: string | undefined): void {
    setObstacle(undefined);
    setSought(messageId);
  }
  useLayoutEffect(() => seek(asked), [asked]);

  useLayoutEffect(() => {
    if (sought === undefined || !isLoaded) return;
    if (error === undefined && !list.some(({ id }) => id === sought)) {
      if (hasOlder && list.length < MOST) return void messages.loadOlder(PAGE);
      setObstacle(hasOlder ? 'too far back' : 'gone');
    }
    setSought(undefined);
    show(sought);
  }, [sought, isLoaded, list, hasOlder, error]);

  return { isSeeking: sought !== undefined, obstacle, seek };
}

function show(messageId: string): void {
  const element = document.getElementById(`message-${messageId}`);
  element?.scrollIntoView({ block: 'center' });
  element?.focus({ preventScroll: true });
  const accent = getComputedStyle(document.documentElement).getPropertyValue('--accent-soft');
  element?.animate([{ background: accent }, { background: 'transparent' }], SHOWN_FOR_MS);
}
