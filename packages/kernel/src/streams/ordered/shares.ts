/** One may rest when the others would be this much less busy than makes a further one take part. The gap keeps partitions where they are. */
const REST_BELOW = 0.9;

export type LiveWorker = {
  id: string;
  /** Part of its time for which its event loop works, 0 to 1. */
  busy: number;
  /** Partitions that it has now. */
  owned: number;
  /** Those and the ones that its process has in other lanes. */
  ownedByProcess: number;
};

/**
 * How many partitions each of the workers is to have: even shares for as few of them as the load needs, nothing for the rest, which stand by. A
 * batch costs nearly the same with one record as with twenty, so the same load costs less in fewer hands.
 *
 * When those that take part are more than `spreadAbove` busy, more do; at 0 all do. Those whose processes have most go before, so that little
 * changes hands and lanes come together. Every worker comes to the same result from the same rows; where they see different ones, the fences keep them apart.
 */
export function sharesOf(
  workers: readonly LiveWorker[],
  { partitions, spreadAbove }: { partitions: number; spreadAbove: number },
): Map<string, number> {
  const evenly = Math.ceil(partitions / workers.length);
  const share = spreadAbove === 0 ? evenly : Math.max(evenly, shareFor(workers, partitions, spreadAbove));
  const ranked = workers.toSorted(
    (one, other) => other.ownedByProcess - one.ownedByProcess || (one.id < other.id ? -1 : 1),
  );
  return new Map(ranked.map(({ id }, rank) => [id, rank * share < partitions ? share : 0]));
}

function shareFor(workers: readonly LiveWorker[], partitions: number, spreadAbove: number): number {
  const taking = workers.filter(({ owned }) => owned > 0);
  const load = taking.reduce((sum, { busy }) => sum + busy, 0);
  const among = (count: number) => Math.ceil(partitions / Math.max(1, count));
  const share = among(taking.length);
  // with some counts of workers a further one changes nothing
  if (load > spreadAbove * taking.length) return Math.max(1, Math.min(among(taking.length + 1), share - 1));
  const larger = among(taking.length - 1);
  const fewer = Math.ceil(partitions / larger);
  return load < REST_BELOW * spreadAbove * fewer ? larger : share;
}
