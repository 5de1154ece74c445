import { useState } from 'preact/hooks';
import { IconButton } from './icon-button.tsx';

/** A code that is too long to type. */
export function Copyable({ text, label }: { text: string; label: string }) {
  const [isCopied, setCopied] = useState(false);
  const copy = async () => {
    await navigator.clipboard.writeText(text);
    setCopied(true);
  };
  return (
    <div class="copyable">
      <output aria-label={label}>{text}</output>
      <IconButton
        icon={isCopied ? 'check' : 'copy'}
        label={isCopied ? 'Copied' : `Copy: ${label}`}
        onClick={copy}
      />
    </div>
  );
}
