import { useState } from 'preact/hooks';

const STEPS: Record<string, (index: number, count: number) => number> = {
  ArrowDown: (index, count) => Math.min(index + 1, count - 1),
  ArrowUp: (index) => Math.max(index - 1, 0),
  Home: () => 0,
  End: (_, count) => count - 1,
};

/** The item to focus from item `index` of `count` after this key; undefined for other keys. */
export function nextIndex(key: string, index: number, count: number): number | undefined {
  return count === 0 ? undefined : STEPS[key]?.(index, count);
}

/**
 * One item is in the Tab order, arrow keys reach the others (WAI-ARIA: roving tabindex). Items need `data-roving` and the `tabIndex` that
 * `tabIndexOf` gives for their id.
 */
export function useRovingFocus(ids: readonly string[], preferred?: string) {
  const [last, setLast] = useState<string>();
  const current = [last, preferred].find((id) => id !== undefined && ids.includes(id)) ?? ids[0];

  function onKeyDown(event: KeyboardEvent & { currentTarget: HTMLElement }): void {
    const items = [...event.currentTarget.querySelectorAll<HTMLElement>('[data-roving]')];
    const index = items.indexOf(event.target as HTMLElement);
    if (index < 0) return;
    const next = nextIndex(event.key, index, items.length);
    if (next === undefined) return;
    event.preventDefault();
    items[next]?.focus();
  }

  return {
    onKeyDown,
    tabIndexOf: (id: string) => (id === current ? 0 : -1),
    onFocus: (id: string) => setLast(id),
  };
}
