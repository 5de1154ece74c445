import type { Metrics } from '@securechat/kernel';

export type PresenceMetrics = ReturnType<typeof presenceMetrics>;

/** Every metric of this service except those of its request stream (kernel). */
export function presenceMetrics(metrics: Metrics) {
  const reports = metrics.counter(
    'reports_total',
    'Statuses of devices that gateways reported, renewals included',
  );
  const ended = metrics.counter(
    'leases_ended_total',
    'Devices that are offline because they were not reported any more',
  );
  const told = metrics.counter(
    'changes_told_total',
    'Changed statuses of watched users that were sent to gateways',
  );
  const dropped = metrics.counter(
    'changes_dropped_total',
    'Changed statuses that were not sent because too many waited; gateways ask again within minutes',
  );
  const typings = metrics.counter(
    'typing_told_total',
    'Typing indicators, by whether a device received them',
    {
      to: ['nobody', 'somebody'],
    },
  );
  const signals = metrics.counter('signals_total', 'Signalling messages of direct connections, by outcome', {
    outcome: ['passed', 'refused'],
  });
  const lastSeen = metrics.counter(
    'last_seen_written_total',
    'Times at which users were last online, written to Postgres',
  );
  return {
    reported: (count: number) => reports.inc(count),
    leasesEnded: (count: number) => ended.inc(count),
    changesTold: (count: number) => told.inc(count),
    changesDropped: (count: number) => dropped.inc(count),
    typingTold: (devices: number) => typings.inc(1, { to: devices > 0 ? 'somebody' : 'nobody' }),
    signalled: (outcome: 'passed' | 'refused') => signals.inc(1, { outcome }),
    lastSeenWritten: (count: number) => lastSeen.inc(count),
    changesWaiting: metrics.gauge(
      'changes_waiting_entries',
      'Users whose changed status has not been sent yet',
    ),
  };
}
