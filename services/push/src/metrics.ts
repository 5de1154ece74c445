import type { Metrics } from '@securechat/kernel';
import { failures, type Outcome } from './send/outcome.ts';

export type PushMetrics = ReturnType<typeof pushMetrics>;

const dropReasons = ['gone', 'failed', 'revoked'] as const;

/** Every metric of this service except those of its request stream and jobs (kernel). */
export function pushMetrics(metrics: Metrics) {
  const sent = metrics.counter('wakes_sent_total', 'Wakes that a push service or the bridge has taken', {
    kind: ['web_push', 'bridge'],
  });
  const failed = metrics.counter(
    'attempts_failed_total',
    'Attempts to wake that failed, by what went wrong',
    {
      class: failures,
    },
  );
  const dropped = metrics.counter('subscriptions_dropped_total', 'Subscriptions removed, by why', {
    reason: dropReasons,
  });
  const tellFailed = metrics.counter(
    'webhook_attempts_failed_total',
    'Attempts to tell a backend that failed, by what went wrong',
    { class: failures },
  );
  return {
    sent: (kind: 'web_push' | 'bridge') => sent.inc(1, { kind }),
    failed: (outcome: Exclude<Outcome['kind'], 'taken'>) => failed.inc(1, { class: outcome }),
    dropped: (reason: (typeof dropReasons)[number], count = 1) => dropped.inc(count, { reason }),
    queueAge: metrics.histogram('queue_age_seconds', 'From the time a device should be woken to when it was'),
    due: metrics.gauge('due_entries', 'Devices that should be woken by now; at most 1,000 are counted'),
    oldestDue: metrics.gauge('oldest_due_seconds', 'How long the one that waits longest has been due'),
    told: metrics.counter('webhook_events_sent_total', 'Events that the backend of a webhook has taken'),
    tellFailed: (outcome: Exclude<Outcome['kind'], 'taken'>) => tellFailed.inc(1, { class: outcome }),
    eventsDue: metrics.gauge(
      'webhook_due_entries',
      'Events that backends should have been told of; at most 1,000 are counted',
    ),
    oldestEvent: metrics.gauge('oldest_webhook_due_seconds', 'How long the one that waits longest is due'),
    eventsDead: metrics.gauge('dead_webhook_events_count', 'Events that were given up and wait for somebody'),
    subscriptions: metrics.gauge('subscriptions_count', 'Devices that can be woken'),
  };
}
