import type { Metrics } from '@securechat/kernel';
import {
  type CloseReason,
  closeCodes,
  type DownstreamName,
  downstreamNames,
  type ErrorName,
  errorNames,
  type UpstreamName,
  upstreamNames,
} from '@securechat/protocol';
import { type ConnectionState, connectionStates } from './connection/states.ts';
import { type TurnedAwayReason, turnedAwayReasons } from './transport/door.ts';
import type { Transport } from './transport/transport.ts';

export type GatewayMetrics = ReturnType<typeof gatewayMetrics>;

const closeReasons = Object.keys(closeCodes) as CloseReason[];
const transports = ['websocket', 'tcp'] as const satisfies Transport['kind'][];
export const limitNames = [
  'messages_per_minute',
  'group_operations_per_minute',
  'group_commits_per_minute',
  'conversations_per_day',
  'messages_per_second',
  'connections_per_user',
  'connections_per_address',
  'handshakes_per_second',
  'bandwidth_per_minute',
  'file_bytes_per_minute',
] as const;
export type LimitName = (typeof limitNames)[number];

/** Every metric of this service. No label ever holds an id or an address. */
export function gatewayMetrics(metrics: Metrics) {
  const received = metrics.counter('frames_received_total', 'Frames from clients, by type', {
    type: [...upstreamNames, 'unknown'],
  });
  const sent = metrics.counter('frames_sent_total', 'Frames to clients, by type', { type: downstreamNames });
  const refused = metrics.counter('errors_sent_total', 'Error frames to clients, by error', {
    error: errorNames,
  });
  const opened = metrics.counter('connections_opened_total', 'Connections accepted, by transport', {
    transport: transports,
  });
  const closed = metrics.counter(
    'connections_closed_total',
    'Connections closed by either side, by transport',
    {
      transport: transports,
    },
  );
  const ended = metrics.counter('connections_ended_total', 'Connections ended by this gateway, by reason', {
    reason: closeReasons,
  });
  const logins = metrics.counter('logins_total', 'Logins, by what proved that the device may log in', {
    by: ['ticket', 'auth'],
  });
  const loginsRefused = metrics.counter('logins_refused_total', 'Refused logins, by the step that refused', {
    step: ['proof', 'auth'],
  });
  const limited = metrics.counter('limits_hit_total', 'Times that a limit was reached, by limit', {
    limit: limitNames,
  });
  const turnedAway = metrics.counter(
    'turned_away_total',
    'Sockets turned away before they became a connection, by reason',
    {
      reason: turnedAwayReasons,
    },
  );
  const reloads = metrics.counter('tls_reloads_total', 'Reloads of a changed TLS certificate, by outcome', {
    outcome: ['done', 'failed'],
  });
  const carried = metrics.counter('bytes_total', 'Bytes of frames from and to clients', {
    direction: ['received', 'sent'],
  });
  const ingressRefused = metrics.counter('ingress_refused_total', 'Messages that Redis did not take');
  const toAck = metrics.histogram(
    'send_to_ack_seconds',
    'Time from receiving a message until its ack is sent',
  );
  const toDeliver = metrics.histogram(
    'send_to_deliver_seconds',
    'Time from the sender’s gateway receiving a message until it is written to a recipient’s socket',
  );

  const presenceWaits = metrics.counter(
    'presence_waits_total',
    'Turns in which this process was overloaded and sent fewer statuses',
  );

  return {
    presenceWaits: () => presenceWaits.inc(),
    received: (type: UpstreamName | 'unknown') => received.inc(1, { type }),
    sent: (type: DownstreamName) => sent.inc(1, { type }),
    refused: (error: ErrorName) => refused.inc(1, { error }),
    opened: (transport: Transport['kind']) => opened.inc(1, { transport }),
    closed: (transport: Transport['kind']) => closed.inc(1, { transport }),
    ended: (reason: CloseReason) => ended.inc(1, { reason }),
    loggedIn: (by: 'ticket' | 'auth') => logins.inc(1, { by }),
    loginRefused: (step: 'proof' | 'auth') => loginsRefused.inc(1, { step }),
    limited: (limit: LimitName) => limited.inc(1, { limit }),
    turnedAway: (reason: TurnedAwayReason) => turnedAway.inc(1, { reason }),
    tlsReloaded: (outcome: 'done' | 'failed') => reloads.inc(1, { outcome }),
    /** Absent without TLS, where it would say that the certificate has expired. */
    watchCertificate(expiresAt: () => number): void {
      metrics.gauge(
        'tls_certificate_expiry_seconds',
        'When the TLS certificate expires, in seconds since 1970',
        {},
        (gauge) => gauge.set(expiresAt()),
      );
    },
    carried(received: number, sent: number): void {
      carried.inc(received, { direction: 'received' });
      carried.inc(sent, { direction: 'sent' });
    },
    ingressRefused: () => ingressRefused.inc(),
    sendToAck: (ms: number) => toAck.observe(ms / 1000),
    /** Clocks of two gateways may differ a little; negative times count as zero. */
    sendToDeliver: (ms: number) => toDeliver.observe(Math.max(0, ms) / 1000),
    /** `ageMs` is read at each scrape; infinite before the first look. */
    watchRevocations(ageMs: () => number): void {
      metrics.gauge(
        'revocations_age_seconds',
        'Time since all revoked devices were last read; above 4 no ticket is accepted',
        {},
        (gauge) => gauge.set(ageMs() / 1000),
      );
    },
    /** `count` is read at each scrape. */
    watchConnections(count: () => Record<ConnectionState, number>): void {
      metrics.gauge(
        'connections_count',
        'Connections now, by state',
        { state: connectionStates },
        (gauge) => {
          for (const [state, value] of Object.entries(count())) gauge.set(value, { state });
        },
      );
    },
  };
}
