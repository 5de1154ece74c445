// Grafana's dashboards as data: titles, units and expressions. `npm run prometheus:check -- --write` generates their JSON.

export type Panel = { title: string; unit: string; series: [legend: string, expr: string][] };
export type Dashboard = { uid: string; title: string; panels: Panel[] };

const rate = (metric: string, by = ''): string =>
  `sum${by && ` by (${by})`} (rate(${metric}[$__rate_interval]))`;
const quantile = (q: number, metric: string, by = ''): string =>
  `histogram_quantile(${q}, sum by (le${by && `, ${by}`}) (rate(${metric}_bucket[$__rate_interval])))`;
const latency = (title: string, metric: string): Panel => ({
  title,
  unit: 's',
  series: [
    ['p50', quantile(0.5, metric)],
    ['p99', quantile(0.99, metric)],
  ],
});

const overview: Dashboard = {
  uid: 'securechat-overview',
  title: 'SecureChat: overview',
  panels: [
    {
      title: 'Connections',
      unit: 'short',
      series: [['{{state}}', 'sum by (state) (securechat_gateway_connections_count)']],
    },
    {
      title: 'Messages a second',
      unit: 'short',
      series: [
        ['sent', rate('securechat_gateway_frames_received_total{type="chat"}')],
        ['stored', rate('securechat_delivery_messages_stored_total')],
        ['delivered', rate('securechat_gateway_frames_sent_total{type="chat"}')],
      ],
    },
    latency('Send to ack', 'securechat_gateway_send_to_ack_seconds'),
    latency('Send to deliver', 'securechat_gateway_send_to_deliver_seconds'),
    {
      title: 'Share that misses its objective, last hour',
      unit: 'percentunit',
      series: [
        ['ack later than 0.5 s', 'securechat:send_ack:ratio_rate1h'],
        ['delivered later than 1 s', 'securechat:send_deliver:ratio_rate1h'],
        ['refused', 'securechat:send_refused:ratio_rate1h'],
        ['logins failed', 'securechat:login_failed:ratio_rate1h'],
      ],
    },
    {
      title: 'Errors to clients a second',
      unit: 'short',
      series: [['{{error}}', rate('securechat_gateway_errors_sent_total', 'error')]],
    },
    { title: 'Processes', unit: 'short', series: [['{{job}}', 'sum by (job) (up{job=~"securechat-.*"})']] },
    {
      title: 'CPU, cores',
      unit: 'short',
      series: [['{{instance}}', rate('process_cpu_seconds_total{job=~"securechat-.*"}', 'instance')]],
    },
    {
      title: 'Memory',
      unit: 'bytes',
      series: [['{{instance}}', 'process_resident_memory_bytes{job=~"securechat-.*"}']],
    },
    {
      title: 'Event loop, p99',
      unit: 's',
      series: [['{{instance}}', 'nodejs_eventloop_lag_p99_seconds{job=~"securechat-.*"}']],
    },
  ],
};

const gateway: Dashboard = {
  uid: 'securechat-gateway',
  title: 'SecureChat: gateways, accounts, presence, files, push',
  panels: [
    {
      title: 'Connections a second',
      unit: 'short',
      series: [
        ['opened', rate('securechat_gateway_connections_opened_total')],
        ['closed', rate('securechat_gateway_connections_closed_total')],
      ],
    },
    {
      title: 'Ended by the gateway, a second',
      unit: 'short',
      series: [['{{reason}}', rate('securechat_gateway_connections_ended_total', 'reason')]],
    },
    {
      title: 'Logins a second',
      unit: 'short',
      series: [
        ['by {{by}}', rate('securechat_gateway_logins_total', 'by')],
        ['refused at {{step}}', rate('securechat_gateway_logins_refused_total', 'step')],
      ],
    },
    {
      title: 'Limits run into, a second',
      unit: 'short',
      series: [['{{limit}}', rate('securechat_gateway_limits_hit_total', 'limit')]],
    },
    {
      title: 'Bytes of frames a second',
      unit: 'Bps',
      series: [['{{direction}}', rate('securechat_gateway_bytes_total', 'direction')]],
    },
    {
      title: 'Refused because Redis did not take them',
      unit: 'short',
      series: [['', rate('securechat_gateway_ingress_refused_total')]],
    },
    {
      title: 'Age of the set of revoked devices',
      unit: 's',
      series: [['{{instance}}', 'securechat_gateway_revocations_age_seconds']],
    },
    {
      title: 'Auth, time to answer, p99',
      unit: 's',
      series: [['{{kind}}', quantile(0.99, 'securechat_auth_answer_duration_seconds', 'kind')]],
    },
    {
      title: 'Auth, answers a second',
      unit: 'short',
      series: [['{{kind}} {{outcome}}', rate('securechat_auth_answers_total', 'kind, outcome')]],
    },
    {
      title: 'Enrolments a second',
      unit: 'short',
      series: [['{{kind}} {{outcome}}', rate('securechat_auth_enrolments_total', 'kind, outcome')]],
    },
    {
      title: 'Presence, changes a second',
      unit: 'short',
      series: [
        ['told', rate('securechat_presence_changes_told_total')],
        ['dropped', rate('securechat_presence_changes_dropped_total')],
      ],
    },
    {
      title: 'Files, bytes a second',
      unit: 'Bps',
      series: [['{{direction}} by {{path}}', rate('securechat_files_bytes_total', 'direction, path')]],
    },
    {
      title: 'Files, answers a second',
      unit: 'short',
      series: [['{{kind}} {{outcome}}', rate('securechat_files_answers_total', 'kind, outcome')]],
    },
    {
      title: 'Devices woken, and attempts that failed, a second',
      unit: 'short',
      series: [
        ['{{kind}}', rate('securechat_push_wakes_sent_total', 'kind')],
        ['{{class}}', rate('securechat_push_attempts_failed_total', 'class')],
      ],
    },
    {
      title: 'Events sent to webhooks, and attempts that failed, a second',
      unit: 'short',
      series: [
        ['sent', rate('securechat_push_webhook_events_sent_total')],
        ['{{class}}', rate('securechat_push_webhook_attempts_failed_total', 'class')],
      ],
    },
  ],
};

const delivery: Dashboard = {
  uid: 'securechat-delivery',
  title: 'SecureChat: delivery',
  panels: [
    latency('Age of records when they are taken up', 'securechat_delivery_queue_age_seconds'),
    latency('Time of a batch', 'securechat_delivery_batch_duration_seconds'),
    {
      title: 'Records in a batch, p50',
      unit: 'short',
      series: [['{{lane}}', quantile(0.5, 'securechat_delivery_batch_records_count', 'lane')]],
    },
    {
      title: 'Partitions owned',
      unit: 'short',
      series: [['{{instance}} {{lane}}', 'securechat_delivery_partitions_owned_count']],
    },
    {
      title: 'Longest stream',
      unit: 'short',
      series: [['{{kind}}', 'max by (kind) (securechat_delivery_stream_length_entries)']],
    },
    {
      title: 'Batches that failed, a second',
      unit: 'short',
      series: [['{{kind}}', rate('securechat_delivery_batch_failures_total', 'kind')]],
    },
    {
      title: 'Messages refused, a second',
      unit: 'short',
      series: [['{{error}}', rate('securechat_delivery_messages_refused_total', 'error')]],
    },
    {
      title: 'Messages waiting in the outbox of large groups',
      unit: 'short',
      series: [['', 'max(securechat_delivery_fanout_jobs_entries)']],
    },
    {
      title: 'What is kept',
      unit: 's',
      series: [
        ['oldest waiting message', 'max(securechat_delivery_oldest_waiting_seconds)'],
        ['expired and still there', 'max(securechat_delivery_expiry_lag_seconds)'],
      ],
    },
    {
      title: 'Jobs, since the last success',
      unit: 's',
      series: [
        ['{{exported_job}}', 'time() - max by (exported_job) (securechat_delivery_job_last_success_seconds)'],
      ],
    },
    {
      title: 'Connections to Postgres',
      unit: 'short',
      series: [['{{state}}', 'sum by (state) (securechat_delivery_postgres_connections_count)']],
    },
    { title: 'Dead letters', unit: 'short', series: [['', 'sum(securechat_delivery_dead_letters_total)']] },
  ],
};

export const dashboards: readonly Dashboard[] = [overview, gateway, delivery];

/** Two panels per row. */
export function grafanaJson({ uid, title, panels }: Dashboard): string {
  const datasource = { type: 'prometheus', uid: 'securechat' };
  const dashboard = {
    uid,
    title,
    tags: ['securechat'],
    timezone: 'browser',
    refresh: '30s',
    time: { from: 'now-3h', to: 'now' },
    schemaVersion: 39,
    editable: false,
    panels: panels.map((panel, index) => ({
      id: index + 1,
      type: 'timeseries',
      title: panel.title,
      datasource,
      gridPos: { x: (index % 2) * 12, y: Math.floor(index / 2) * 8, w: 12, h: 8 },
      fieldConfig: { defaults: { unit: panel.unit, min: 0 }, overrides: [] },
      options: { legend: { displayMode: 'list', placement: 'bottom' }, tooltip: { mode: 'multi' } },
      targets: panel.series.map(([legendFormat, expr], number) => ({
        refId: String.fromCharCode(65 + number),
        datasource,
        expr,
        legendFormat,
      })),
    })),
  };
  return `${JSON.stringify(dashboard, null, 2)}\n`;
}
