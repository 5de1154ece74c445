import type { RefObject } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';

const hasFiles = (event: DragEvent): boolean => event.dataTransfer?.types.includes('Files') ?? false;

/** Handles files dropped in the conversation or thread around `inside`. Returns whether some are dragged over it. */
export function useFileDrop(
  inside: RefObject<HTMLElement | null>,
  onFiles: (files: readonly File[]) => void,
): boolean {
  const [isOver, setOver] = useState(false);
  const newest = useRef(onFiles);
  newest.current = onFiles;
  useEffect(() => {
    const around = inside.current?.closest<HTMLElement>('main, aside');
    if (!around) return undefined;
    const ending = new AbortController();
    const { signal } = ending;
    const hang = (event: DragEvent) => {
      if (!hasFiles(event)) return;
      // else the browser would leave the page and show the file
      event.preventDefault();
      setOver(true);
    };
    const leave = (event: DragEvent) => {
      if (!around.contains(event.relatedTarget as Node | null)) setOver(false);
    };
    const fall = (event: DragEvent) => {
      if (!hasFiles(event)) return;
      event.preventDefault();
      setOver(false);
      newest.current([...(event.dataTransfer?.files ?? [])]);
    };
    around.addEventListener('dragover', hang, { signal });
    around.addEventListener('dragleave', leave, { signal });
    around.addEventListener('drop', fall, { signal });
    return () => ending.abort();
  }, [inside]);
  return isOver;
}
