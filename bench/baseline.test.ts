import { describe, expect, test } from '@jest/globals';
import { type Baseline, compareWithBaseline } from './baseline.ts';

const baseline: Baseline = {
  at: '2026-11-28',
  machine: 'one',
  scenarios: {
    full: {
      settings: { users: 200 },
      referenceMs: 50,
      figures: {
        figure: { 'messages/s': 8_000, 'send to ack, p50 ms': 10, 'KiB per connection': 20 },
        'CPU-ms per 1,000 messages': { redis: 40, files: 0 },
        'count (whole run)': { sent: 100 },
      },
    },
  },
};

describe('beside a baseline', () => {
  test('a machine that is twice as slow in everything shows no difference', () => {
    const { ratioOf } = compareWithBaseline('full', { settings: { users: 200 }, referenceMs: 100 }, baseline);
    expect(ratioOf('figure', 'messages/s', 4_000)).toBe('1.00 ×');
    expect(ratioOf('figure', 'send to ack, p50 ms', 20)).toBe('1.00 ×');
    expect(ratioOf('CPU-ms per 1,000 messages', 'redis', 80)).toBe('1.00 ×');
  });

  test('memory does not depend on how fast a machine is', () => {
    const { ratioOf } = compareWithBaseline('full', { settings: { users: 200 }, referenceMs: 100 }, baseline);
    expect(ratioOf('figure', 'KiB per connection', 30)).toBe('1.50 ×');
  });

  test('what became dearer on the same machine shows', () => {
    const { ratioOf } = compareWithBaseline('full', { settings: { users: 200 }, referenceMs: 50 }, baseline);
    expect(ratioOf('CPU-ms per 1,000 messages', 'redis', 60)).toBe('1.50 ×');
  });

  test('counts, and what the clock could not see, are not compared', () => {
    const { ratioOf } = compareWithBaseline('full', { settings: { users: 200 }, referenceMs: 50 }, baseline);
    expect(ratioOf('count (whole run)', 'sent', 200)).toBe('');
    expect(ratioOf('CPU-ms per 1,000 messages', 'files', 1)).toBe('');
    expect(ratioOf('figure', 'new', 1)).toBe('');
  });

  test('other settings are not compared, and that is said', () => {
    const other = compareWithBaseline('full', { settings: { users: 100 }, referenceMs: 50 }, baseline);
    expect(other.ratioOf('figure', 'messages/s', 8_000)).toBe('');
    expect(other.says).toMatch('not compared');
    expect(compareWithBaseline('rate', { settings: {}, referenceMs: 50 }, baseline).says).toMatch(
      'does not have it',
    );
  });
});
