import type { ComponentChildren } from 'preact';
import { go } from '../session/use-route.ts';
import { IconButton } from './icon-button.tsx';

type Properties = { title: string; conversationId: string; children: ComponentChildren };

/** Beside a conversation; on a phone in its place. Escape closes it. */
export function SidePanel({ title, conversationId, children }: Properties) {
  const close = () => go({ page: 'conversation', id: conversationId });
  return (
    <aside
      class="side-panel"
      aria-label={title}
      onKeyDown={(event) => {
        if (event.key === 'Escape' && !event.defaultPrevented) close();
      }}
    >
      <header class="bar">
        <h2>{title}</h2>
        <IconButton icon="close" label={`Close: ${title}`} onClick={close} />
      </header>
      {children}
    </aside>
  );
}
