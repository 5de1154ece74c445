import { expect, test } from '@jest/globals';
import { options } from '../config.ts';
import { seedLimits } from './table.ts';

const MINUTE_MS = 60_000;

test('the defaults are the limits of the seed, each with its unit, window and place', () => {
  const seed = Object.entries(seedLimits).map(([name, { most, windowMs }]) => [name, most, windowMs]);
  expect(seed).toEqual([
    ['messages', 100, MINUTE_MS],
    ['connections', 5, 0],
    ['groupOperations', 10, MINUTE_MS],
    // not in the seed: remaining members must be able to react to what others do
    ['groupCommits', 100, MINUTE_MS],
    // not in the seed either: whoever begins conversations fills tables and mailboxes of others for good
    ['conversations', 300, 24 * 60 * MINUTE_MS],
    ['globalMessages', 10_000, 1000],
    ['addressConnections', 100, 0],
    ['bandwidth', 1_000_000_000, MINUTE_MS],
    ['fileBytes', 10_000_000, MINUTE_MS],
    ['storage', 1_000_000_000, 0],
  ]);
  expect({
    messages: options.messagesPerMinute.default,
    connections: options.connectionsPerUser.default,
    groupOperations: options.groupOperationsPerMinute.default,
    globalMessages: options.globalMessagesPerSecond.default,
    addressConnections: options.connectionsPerAddress.default,
    bandwidth: options.bandwidthPerMinute.default,
  }).toEqual({
    messages: 100,
    connections: 5,
    groupOperations: 10,
    globalMessages: 10_000,
    addressConnections: 100,
    bandwidth: 1_000_000_000,
  });
  for (const limit of Object.values(seedLimits)) {
    for (const said of [limit.of, limit.counted, limit.redisAway]) expect(said).not.toBe('');
  }
});
