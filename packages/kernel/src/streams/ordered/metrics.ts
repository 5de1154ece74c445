import type { Metrics } from '../../metrics.ts';

/** The metrics of an ordered consumer; a process with several labels each with its lane. */
export function orderedMetrics(metrics: Metrics, lane: string) {
  const lanes = { lane: [lane] };
  const failures = metrics.counter('batch_failures_total', 'Batches that failed and were tried again', {
    ...lanes,
    kind: ['retryable', 'poison', 'fault'],
  });
  const takeovers = metrics.counter('partition_takeovers_total', 'Partitions claimed by this process', lanes);
  const partitions = metrics.gauge('partitions_owned_count', 'Partitions this process owns now', lanes);
  const seconds = metrics.histogram(
    'batch_duration_seconds',
    'Time of one batch: reads, decisions, writes and commit',
    lanes,
  );
  const records = metrics.histogram(
    'batch_records_count',
    'Records in one transaction',
    lanes,
    [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000],
  );
  const deadLetters = metrics.counter(
    'dead_letters_total',
    'Entries set aside as dead letters because they can never succeed',
    lanes,
  );
  return {
    failed: (kind: string) => failures.inc(1, { lane, kind }),
    takenOver: () => takeovers.inc(1, { lane }),
    owns: (count: number) => partitions.set(count, { lane }),
    parked: (count: number) => deadLetters.inc(count, { lane }),
    /** Starts a timer; call the result with the number of records when the batch is committed. */
    batchTimer(): (recordCount: number) => void {
      const start = performance.now();
      return (recordCount) => {
        seconds.observe((performance.now() - start) / 1000, { lane });
        records.observe(recordCount, { lane });
      };
    },
  };
}
