/**
 * Hysteresis: a worker may rest when the others would still stay this far below the threshold. Keeps partitions where
 * they are.
 */
const REST_BELOW = 0.9;

export type LiveWorker = {
  id: string;
  /** Event-loop utilization, 0 to 1. */
  busy: number;
  /** Partitions it owns now. */
  owned: number;
  /** Partitions its process owns in all lanes. */
  ownedByProcess: number;
};

/**
 * How many partitions each worker should have: even shares for as few workers as the load needs, none for the rest,
 * which stand by. A batch costs nearly the same with one record as with twenty, so fewer workers handle the same load
 * more cheaply.
 *
 * When the participating workers are more than `spreadAbove` busy, more take part; at 0 all do. Workers whose
 * processes own most come first, so that few partitions move and lanes stay together. Every worker computes the same
 * result from the same rows; if they see different ones, the fences keep them safe.
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
  // with some worker counts one more changes nothing
  if (load > spreadAbove * taking.length) return Math.max(1, Math.min(among(taking.length + 1), share - 1));
  const larger = among(taking.length - 1);
  const fewer = Math.ceil(partitions / larger);
  return load < REST_BELOW * spreadAbove * fewer ? larger : share;
}
