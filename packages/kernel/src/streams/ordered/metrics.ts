import type { Metrics } from '../../metrics.ts';

/** What an ordered consumer tells about itself. */
export function orderedMetrics(metrics: Metrics) {
  const seconds = metrics.histogram(
    'batch_duration_seconds',
    'One batch: reads, decisions, writes and commit',
  );
  const records = metrics.histogram(
    'batch_records_count',
    'Records that shared one transaction',
    {},
    [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000],
  );
  return {
    failures: metrics.counter('batch_failures_total', 'Batches that failed and were tried again', {
      kind: ['retryable', 'poison', 'fault'],
    }),
    takeovers: metrics.counter('partition_takeovers_total', 'Partitions claimed by this process'),
    partitions: metrics.gauge('partitions_owned_count', 'Partitions this process owns now'),
    deadLetters: metrics.counter('dead_letters_total', 'Entries parked because they can never succeed'),
    /** Starts a clock; call the result with the number of records when the batch is committed. */
    batchTimer(): (recordCount: number) => void {
      const start = performance.now();
      return (recordCount) => {
        seconds.observe((performance.now() - start) / 1000);
        records.observe(recordCount);
      };
    },
  };
}
