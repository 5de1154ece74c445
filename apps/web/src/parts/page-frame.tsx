import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { go } from '../session/use-route.ts';
import { IconButton } from './icon-button.tsx';

/** A page in place of a conversation, with a way back; it takes the focus when it opens. */
export function PageFrame({ title, children }: { title: string; children: ComponentChildren }) {
  const heading = useRef<HTMLHeadingElement>(null);
  const main = useRef<HTMLElement>(null);
  useEffect(() => {
    // unless a field in it has taken the focus
    if (!main.current?.contains(document.activeElement)) heading.current?.focus();
  }, [title]);
  return (
    <main class="page" ref={main} aria-label={title}>
      <header class="bar">
        <IconButton icon="back" label="Back to the conversations" onClick={() => go({ page: 'list' })} />
        <h1 ref={heading} tabIndex={-1}>
          {title}
        </h1>
      </header>
      <div class="page-body">{children}</div>
    </main>
  );
}
