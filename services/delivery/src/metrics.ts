import type { Metrics } from '@securechat/kernel';
import { type ErrorName, errorNames } from '@securechat/protocol';
import type { BatchPlan } from './batch-plan.ts';
import { streamKinds } from './jobs/watch-streams.ts';

export type DeliveryMetrics = ReturnType<typeof deliveryMetrics>;

/** Every metric of this service except those of its consumers (kernel). */
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
  const backlogsCut = metrics.counter(
    'backlogs_cut_total',
    'Conversations dropped from a mailbox that held more than it may',
  );
  const fannedOut = metrics.counter(
    'fanout_pointers_total',
    'Mailbox pointers written from the outbox of large groups',
  );
  return {
    fannedOut: (written: number) => fannedOut.inc(written),
    fanoutWaiting: metrics.gauge(
      'fanout_jobs_entries',
      'Messages of large groups in the outbox; those of 200 groups at most are counted',
    ),
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
    bodiesFreed: metrics.counter('bodies_freed_total', 'Messages emptied because no device waits for them'),
    expired: metrics.counter('messages_expired_total', 'Messages emptied because their time was over'),
    pointersForgotten: metrics.counter(
      'pointers_forgotten_total',
      'Mailbox pointers dropped undelivered at the end of retention',
    ),
    partitionsRetired: metrics.counter(
      'partitions_retired_total',
      'Days of messages that were dropped whole',
    ),
    unpartitioned: metrics.gauge(
      'unpartitioned_messages_entries',
      'Messages of recent days that found no partition of their day; at most 10,000 are counted',
    ),
    partitions: metrics.gauge('message_partitions_count', 'Partitions of the messages'),
    oldestWaiting: metrics.gauge(
      'oldest_waiting_seconds',
      'From the beginning of the day on which the oldest waiting message came until now',
    ),
    expiryLag: metrics.gauge(
      'expiry_lag_seconds',
      'How long the message that expired first is still there after its time; 0 when none is',
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
