import type { Message } from '@securechat/client';
import type { RefObject } from 'preact';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { Messages } from './use-messages.ts';

/** Within this distance from the end counts as at the end: people do not aim more precisely. */
const AT_END_PX = 60;
/** At this distance from the top older messages are requested, to arrive before the top is reached. */
const NEAR_TOP_PX = 400;

export type Scroll = {
  readonly box: RefObject<HTMLElement | null>;
  readonly isAtEnd: boolean;
  onScroll(): void;
  toEnd(): void;
};

/** Stays at the newest message when there, and at the same message when older ones are added above; not while an older one is sought. */
export function useScroll(messages: Messages, isSeeking: boolean): Scroll {
  const { list } = messages;
  const box = useRef<HTMLElement>(null);
  const [isAtEnd, setAtEnd] = useState(true);
  /** State at the last render or scroll. */
  const last = useRef<{ first?: Message; end?: Message; fromEndPx: number }>({ fromEndPx: 0 });

  const fromEndPx = (element: HTMLElement) => element.scrollHeight - element.scrollTop - element.clientHeight;

  function toEnd(): void {
    if (box.current !== null) box.current.scrollTop = box.current.scrollHeight;
  }

  function onScroll(): void {
    const element = box.current;
    if (element === null) return;
    last.current.fromEndPx = fromEndPx(element);
    setAtEnd(last.current.fromEndPx < AT_END_PX);
    if (element.scrollTop < NEAR_TOP_PX && messages.hasOlder) void messages.loadOlder();
  }

  useLayoutEffect(() => {
    const element = box.current;
    if (element === null) return;
    const { first, end, fromEndPx: before } = last.current;
    const hasOwnNew = list.at(-1) !== undefined && list.at(-1)?.id !== end?.id && list.at(-1)?.isOwn === true;
    const hasOlderAbove = first !== undefined && list[0]?.id !== first.id && list.at(-1)?.id === end?.id;
    if (!isSeeking) {
      if (before < AT_END_PX || hasOwnNew) toEnd();
      else if (hasOlderAbove) element.scrollTop = element.scrollHeight - element.clientHeight - before;
    }
    last.current = { first: list[0], end: list.at(-1), fromEndPx: fromEndPx(element) };
    if (isSeeking) setAtEnd(last.current.fromEndPx < AT_END_PX);
    else if (last.current.fromEndPx < AT_END_PX) messages.trim();
  }, [list]);

  // a phone's keyboard, a growing text field or a loaded picture changes the available height
  useEffect(() => {
    const element = box.current;
    if (element === null) return;
    const stay = () => last.current.fromEndPx < AT_END_PX && toEnd();
    const observer = new ResizeObserver(stay);
    observer.observe(element);
    element.addEventListener('load', stay, { capture: true });
    return () => {
      observer.disconnect();
      element.removeEventListener('load', stay, { capture: true });
    };
  }, []);

  return { box, isAtEnd, onScroll, toEnd };
}
