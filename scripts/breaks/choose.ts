import type { Break } from './read-break.ts';

export type Group = readonly Break[];

/** Breaks that are noticed by the same file of tests, or by the same chaos run, and so share its run on the unbroken code. Largest first. */
export function groupsOf(breaks: readonly Break[]): Group[] {
  const groups = Map.groupBy(breaks, ({ watch }) =>
    watch.by === 'test' ? watch.file : watch.args.join(' '),
  );
  return [...groups.values()].sort((a, b) => b.length - a.length || nameOf(a).localeCompare(nameOf(b)));
}

const nameOf = ([first]: Group): string => first?.name ?? '';

/**
 * One of `parts` parts of about the same size, which are all breaks together; `part` may be any number, as of a commit. Files stay
 * whole. Breaks that need a browser or a run of chaos are in none of them.
 */
export function partOf(breaks: readonly Break[], part: number, parts: number): Break[] {
  const onNode = breaks.filter(
    ({ watch }) => watch.by === 'test' && !watch.file.endsWith('.browser.test.ts'),
  );
  const dealt = Array.from({ length: parts }, (): Break[] => []);
  for (const group of groupsOf(onNode)) {
    const smallest = dealt.reduce((least, each) => (each.length < least.length ? each : least));
    smallest.push(...group);
  }
  return dealt[part % parts] ?? [];
}
