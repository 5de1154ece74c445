import { IconButton } from '../parts/icon-button.tsx';
import { useNames } from '../parts/use-names.ts';
import { messageLine } from '../text/message-text.ts';
import type { Draft } from './draft.ts';

/** The message being replied to or edited. */
export function ComposerContext({ draft, onGiveUp }: { draft: Draft; onGiveUp(): void }) {
  const { nameOf } = useNames();
  if (draft.kind === 'new') return null;
  const title = draft.kind === 'edit' ? 'Edit message' : `Reply to ${nameOf(draft.message.from)}`;
  return (
    <div class="composer-context">
      <div class="quote">
        <strong>{title}</strong>
        <span>{messageLine(draft.message, nameOf)}</span>
      </div>
      <IconButton icon="close" label={`Cancel: ${title}`} onClick={onGiveUp} />
    </div>
  );
}
