import { expect, test } from '@jest/globals';
import { parseMetrics } from './metrics.ts';

const PAGE = `# HELP frames_total Frames
# TYPE frames_total counter
frames_total{type="chat",direction="up"} 3
frames_total{type="ack",direction="up"} 4
frames_total{type="a \\"quoted\\" one",direction="down"} 1e3
process_start_time_seconds 1795403654.9
stuck_seconds_bucket{le="+Inf"} 7
`;

test('samples are summed by name and labels', () => {
  const metrics = parseMetrics(PAGE);
  expect(metrics.samples).toHaveLength(5);
  expect(metrics.sum('frames_total')).toBe(1007);
  expect(metrics.sum('frames_total', { direction: 'up' })).toBe(7);
  expect(metrics.sum('frames_total', { direction: 'up', type: 'ack' })).toBe(4);
  expect(metrics.sum('process_start_time_seconds')).toBe(1795403654.9);
  expect(metrics.sum('stuck_seconds_bucket', { le: '+Inf' })).toBe(7);
});

test('what is not there is 0', () => {
  expect(parseMetrics(PAGE).sum('frames_total', { type: 'ping' })).toBe(0);
  expect(parseMetrics('').samples).toEqual([]);
});
