import { useState } from 'preact/hooks';

const STEPS: Record<string, (index: number, count: number) => number> = {
  ArrowDown: (index, count) => Math.min(index + 1, count - 1),
  ArrowUp: (index) => Math.max(index - 1, 0),
  Home: () => 0,
  End: (_, count) => count - 1,
};

/** Where the focus goes from item `index` of `count` by this key; undefined when the key means nothing here. */
export function nextIndex(key: string, index: number, count: number): number | undefined {
  return count === 0 ? undefined : STEPS[key]?.(index, count);
}

/**
 * One item of the list is in the order of Tab, arrows lead to the others (WAI-ARIA: roving tabindex). The items carry
 * `data-roving` and the `tabIndex` that `tabIndexOf` gives their id.
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
