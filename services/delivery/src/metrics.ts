import type { Metrics } from '@securechat/kernel';
import { type ErrorName, errorNames } from '@securechat/protocol';
import type { BatchPlan } from './batch-plan.ts';
import { streamKinds } from './jobs/watch-streams.ts';

export type DeliveryMetrics = ReturnType<typeof deliveryMetrics>;

/** Every metric of this service except those of its consumers (kernel). */
export function deliveryMetrics(metrics: Metrics) {
  const stored = metrics.counter('messages_stored_total', 'Messages committed to Postgres');
  const repeated = metrics.counter(
    'messages_repeated_total',
    'Messages sent again and answered as the first time',
  );
  const refused = metrics.counter('messages_refused_total', 'Messages refused, by error', {
    error: errorNames satisfies ErrorName[],
  });
  const pointers = metrics.counter(
    'mailbox_pointers_total',
    'Mailbox pointers written, one for each message and device',
  );
  const acked = metrics.counter('mailboxes_acked_total', 'Acknowledgements applied to mailboxes');
  const backlogsCut = metrics.counter(
    'backlogs_cut_total',
    'Conversations cut from mailboxes that were over their limit',
  );
  const fannedOut = metrics.counter(
    'fanout_pointers_total',
    'Mailbox pointers written from the outbox of large groups',
  );
  return {
    fannedOut: (written: number) => fannedOut.inc(written),
    fanoutWaiting: metrics.gauge(
      'fanout_jobs_entries',
      'Messages of large groups in the outbox, counted in at most 200 groups',
    ),
    queueAge: metrics.histogram(
      'queue_age_seconds',
      'Time from a gateway receiving a record until a batch takes it up',
    ),
    publishFailures: metrics.counter(
      'publish_failures_total',
      'Batches whose outcome could not be sent to gateways',
    ),
    staleRoutes: metrics.counter('stale_routes_total', 'Writes to gateways that turned out to be gone'),
    streamLength: metrics.gauge('stream_length_entries', 'Entries in the longest stream of each kind', {
      kind: streamKinds,
    }),
    bodiesFreed: metrics.counter('bodies_freed_total', 'Messages emptied because no device waits for them'),
    expired: metrics.counter('messages_expired_total', 'Messages emptied because their time was over'),
    pointersForgotten: metrics.counter(
      'pointers_forgotten_total',
      'Mailbox pointers dropped undelivered at the end of retention',
    ),
    partitionsRetired: metrics.counter(
      'partitions_retired_total',
      'Daily partitions of messages that were dropped',
    ),
    unpartitioned: metrics.gauge(
      'unpartitioned_messages_entries',
      'Messages of recent days whose day has no partition, counted up to 10,000',
    ),
    partitions: metrics.gauge('message_partitions_count', 'Partitions of the table of messages'),
    oldestWaiting: metrics.gauge(
      'oldest_waiting_seconds',
      'Age of the oldest message that waits, from the beginning of the day on which it came',
    ),
    expiryLag: metrics.gauge(
      'expiry_lag_seconds',
      'How long ago the oldest expired message that is still there expired; 0 when there is none',
    ),
    count(plan: BatchPlan): void {
      stored.inc(plan.stored.length);
      acked.inc(plan.acks.size);
      backlogsCut.inc(plan.cut.length);
      for (const message of plan.stored) pointers.inc(message.recipients.length);
      for (const { record } of plan.answers) {
        if (record.kind === 'refused') refused.inc(1, { error: record.error });
        if (record.kind === 'stored' && record.dup) repeated.inc();
      }
    },
  };
}
