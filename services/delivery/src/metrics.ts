import type { Metrics } from '@securechat/kernel';
import { type ErrorName, errorNames } from '@securechat/protocol';
import type { BatchPlan } from './batch-plan.ts';
import { streamKinds } from './jobs/watch-streams.ts';

export type DeliveryMetrics = ReturnType<typeof deliveryMetrics>;

/** Every metric of this service beside those of its consumers (kernel). */
export function deliveryMetrics(metrics: Metrics) {
  const stored = metrics.counter('messages_stored_total', 'Messages committed to Postgres');
  const repeated = metrics.counter('messages_repeated_total', 'Retries answered with their first answer');
  const refused = metrics.counter('messages_refused_total', 'Messages refused, by error', {
    error: errorNames satisfies ErrorName[],
  });
  const pointers = metrics.counter(
    'mailbox_pointers_total',
    'Mailbox pointers written: messages times devices',
  );
  const acked = metrics.counter('mailboxes_acked_total', 'Acknowledgements applied to mailboxes');
  return {
    queueAge: metrics.histogram(
      'queue_age_seconds',
      'From the gateway receiving a record to a batch taking it up',
    ),
    publishFailures: metrics.counter(
      'publish_failures_total',
      'Batches that could not be told to the gateways',
    ),
    staleRoutes: metrics.counter('stale_routes_total', 'Writes to gateways that turned out to be gone'),
    streamLength: metrics.gauge('stream_length_entries', 'Entries of the longest stream of a kind', {
      kind: streamKinds,
    }),
    count(plan: BatchPlan): void {
      stored.inc(plan.stored.length);
      acked.inc(plan.acks.size);
      for (const message of plan.stored) pointers.inc(message.recipients.length);
      for (const { record } of plan.answers) {
        if (record.kind === 'refused') refused.inc(1, { error: record.error });
        if (record.kind === 'stored' && record.dup) repeated.inc();
      }
    },
  };
}
