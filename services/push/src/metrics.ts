import type { Metrics } from '@securechat/kernel';
import { failures, type Outcome } from './send/outcome.ts';

export type PushMetrics = ReturnType<typeof pushMetrics>;

const dropReasons = ['gone', 'failed', 'revoked'] as const;

/** Every metric of this service except those of its request stream and jobs (kernel). */
export function pushMetrics(metrics: Metrics) {
  const sent = metrics.counter('wakes_sent_total', 'Wakes accepted by a push service or the bridge', {
    kind: ['web_push', 'bridge'],
  });
  const failed = metrics.counter(
    'attempts_failed_total',
    'Failed attempts to wake a device, by what went wrong',
    {
      class: failures,
    },
  );
  const dropped = metrics.counter('subscriptions_dropped_total', 'Subscriptions removed, by reason', {
    reason: dropReasons,
  });
  const tellFailed = metrics.counter(
    'webhook_attempts_failed_total',
    'Failed attempts to send a webhook event, by what went wrong',
    { class: failures },
  );
  return {
    sent: (kind: 'web_push' | 'bridge') => sent.inc(1, { kind }),
    failed: (outcome: Exclude<Outcome['kind'], 'taken'>) => failed.inc(1, { class: outcome }),
    dropped: (reason: (typeof dropReasons)[number], count = 1) => dropped.inc(count, { reason }),
    queueAge: metrics.histogram(
      'queue_age_seconds',
      'Time from when a device was due to be woken until it was',
    ),
    due: metrics.gauge('due_entries', 'Devices that are due to be woken, counted up to 1,000'),
    oldestDue: metrics.gauge('oldest_due_seconds', 'How long the device that waits longest has been due'),
    told: metrics.counter('webhook_events_sent_total', 'Webhook events accepted by a backend'),
    tellFailed: (outcome: Exclude<Outcome['kind'], 'taken'>) => tellFailed.inc(1, { class: outcome }),
    eventsDue: metrics.gauge(
      'webhook_due_entries',
      'Webhook events that are due to be sent, counted up to 1,000',
    ),
    oldestEvent: metrics.gauge(
      'oldest_webhook_due_seconds',
      'How long the webhook event that waits longest has been due',
    ),
    eventsDead: metrics.gauge(
      'dead_webhook_events_count',
      'Webhook events that were given up and wait for an operator',
    ),
    subscriptions: metrics.gauge('subscriptions_count', 'Devices that can be woken'),
  };
}
