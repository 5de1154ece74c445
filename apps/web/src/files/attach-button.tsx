import { useRef } from 'preact/hooks';
import { IconButton } from '../parts/icon-button.tsx';

/** Lets the user choose files. */
export function AttachButton({ onFiles }: { onFiles(files: readonly File[]): void }) {
  const input = useRef<HTMLInputElement>(null);
  return (
    <>
      <IconButton icon="attach" label="Send files" onClick={() => input.current?.click()} />
      <input
        ref={input}
        type="file"
        multiple
        hidden
        onChange={({ currentTarget }) => {
          onFiles([...(currentTarget.files ?? [])]);
          // allows choosing the same file again
          currentTarget.value = '';
        }}
      />
    </>
  );
}
