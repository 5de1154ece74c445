import type { Metrics } from '@securechat/kernel';

export type PresenceMetrics = ReturnType<typeof presenceMetrics>;

/** Every metric of this service except those of its request stream (kernel). */
export function presenceMetrics(metrics: Metrics) {
  const reports = metrics.counter('reports_total', 'What gateways said of devices, renewals included');
  const ended = metrics.counter('leases_ended_total', 'Devices of which nothing was said any more');
  const told = metrics.counter('changes_told_total', 'Changes of users that somebody watches');
  const dropped = metrics.counter(
    'changes_dropped_total',
    'Changes that were not told because too many waited; who watches asks again within minutes',
  );
  const typings = metrics.counter(
    'typing_told_total',
    'Typing indicators, by how many devices they went to',
    {
      to: ['nobody', 'somebody'],
    },
  );
  const signals = metrics.counter('signals_total', 'Signalling of direct connections, by what became of it', {
    outcome: ['passed', 'refused'],
  });
  const lastSeen = metrics.counter('last_seen_written_total', 'Times of users written to Postgres');
  return {
    reported: (count: number) => reports.inc(count),
    leasesEnded: (count: number) => ended.inc(count),
    changesTold: (count: number) => told.inc(count),
    changesDropped: (count: number) => dropped.inc(count),
    typingTold: (devices: number) => typings.inc(1, { to: devices > 0 ? 'somebody' : 'nobody' }),
    signalled: (outcome: 'passed' | 'refused') => signals.inc(1, { outcome }),
    lastSeenWritten: (count: number) => lastSeen.inc(count),
    changesWaiting: metrics.gauge('changes_waiting_entries', 'Users whose change waits to be told'),
  };
}
