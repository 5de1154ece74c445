import { expect, test } from '@jest/globals';
import { createMetrics } from './metrics.ts';

test('names are prefixed with the service, and Node keeps its own', async () => {
  const metrics = createMetrics('gateway');
  metrics.counter('frames_received_total', 'Frames', { type: ['chat', 'ack'] }).inc(2, { type: 'chat' });
  const text = await metrics.registry.metrics();
  expect(text).toContain('securechat_gateway_frames_received_total{type="chat"} 2');
  expect(text).toMatch(/^nodejs_eventloop_lag_seconds /m);
});

test('a label value outside the closed set is counted as "other"', async () => {
  const metrics = createMetrics('gateway');
  const frames = metrics.counter('frames_received_total', 'Frames', { type: ['chat', 'ack'] });
  for (let i = 0; i < 1000; i += 1) frames.inc(1, { type: `attack-${i}` });
  const series = (await metrics.registry.getMetricsAsJSON()).find((metric) =>
    metric.name.endsWith('received_total'),
  );
  expect(series?.values.map(({ labels, value }) => ({ labels, value }))).toEqual([
    { labels: { type: 'chat' }, value: 0 },
    { labels: { type: 'ack' }, value: 0 },
    { labels: { type: 'other' }, value: 1000 },
  ]);
});

test('a counter begins at 0 in every series that it can have: an alert sees the first event, and a sum of none is 0', async () => {
  const metrics = createMetrics('push');
  metrics.counter('wakes_sent_total', 'Wakes', { kind: ['web_push', 'bridge'], outcome: ['done', 'failed'] });
  const text = await metrics.registry.metrics();
  for (const kind of ['web_push', 'bridge'])
    for (const outcome of ['done', 'failed'])
      expect(text).toContain(`securechat_push_wakes_sent_total{kind="${kind}",outcome="${outcome}"} 0`);
});

test.each(['frames', 'framesReceived_total', 'frames_seconds', 'Frames_total'])(
  'the counter name %s is refused',
  (name) => {
    expect(() => createMetrics('gateway').counter(name, 'x')).toThrow(TypeError);
  },
);

test('gauges and histograms need a unit', () => {
  const metrics = createMetrics('gateway');
  expect(() => metrics.gauge('sockets', 'x')).toThrow(TypeError);
  expect(() => metrics.histogram('store_duration_total', 'x')).toThrow(TypeError);
  metrics.gauge('sockets_count', 'x').set(3);
  metrics.histogram('store_duration_seconds', 'x').observe(0.002);
});

test('asking twice for a name gives the same metric, another kind under that name is refused', async () => {
  const metrics = createMetrics('gateway');
  metrics.counter('frames_total', 'x').inc();
  metrics.counter('frames_total', 'x').inc();
  expect(await metrics.registry.metrics()).toContain('securechat_gateway_frames_total 2');
  metrics.gauge('queue_entries', 'x');
  expect(() => metrics.histogram('queue_entries', 'x')).toThrow('another kind');
});

test('a gauge can be read at the moment of a scrape', async () => {
  const metrics = createMetrics('gateway');
  let size = 1;
  metrics.gauge('queue_entries', 'x', { kind: ['in'] }, (gauge) => gauge.set(size, { kind: 'in' }));
  size = 5;
  expect(await metrics.registry.metrics()).toContain('securechat_gateway_queue_entries{kind="in"} 5');
});
