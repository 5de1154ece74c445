import { Avatar } from '../parts/avatar.tsx';
import { useNames } from '../parts/use-names.ts';

type Properties = {
  id: string;
  shown: readonly string[];
  chosen: string | undefined;
  onChoose(userId: string): void;
};

/** Members whose names match what is being typed; the text field keeps the focus. */
export function Suggestions({ id, shown, chosen, onChoose }: Properties) {
  const { nameOf } = useNames();
  if (shown.length === 0) return null;
  return (
    <div class="suggestions" id={id} role="listbox" aria-label="Members">
      {shown.map((userId) => (
        <button
          key={userId}
          id={`${id}-${userId}`}
          type="button"
          role="option"
          tabIndex={-1}
          aria-selected={userId === chosen}
          // the text field must not lose the focus
          onPointerDown={(event) => event.preventDefault()}
          onClick={() => onChoose(userId)}
        >
          <Avatar userId={userId} />
          {nameOf(userId)} <span class="hint">@{userId}</span>
        </button>
      ))}
    </div>
  );
}
