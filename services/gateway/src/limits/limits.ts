import { createFileBudget, directoryKeys } from '@securechat/directory';
import type { Clock, ConfigOf, Logger, RedisClient } from '@securechat/kernel';
import type { options } from '../config.ts';
import type { GatewayMetrics } from '../metrics.ts';
import { createAddressLimit } from './address-limit.ts';
import { createBandwidth } from './bandwidth.ts';
import { createGlobalLimit } from './global-limit.ts';
import { createGroupLimit } from './group-limit.ts';
import { createMessageLimit } from './message-limit.ts';
import { createStorm } from './storm.ts';

/** All limits that connections share, as configured. */
export function createLimits(parts: {
  config: ConfigOf<typeof options>;
  redis: RedisClient;
  gatewayId: string;
  liveGateways: () => readonly string[];
  clock: Clock;
  metrics: GatewayMetrics;
  logger: Logger;
}) {
  const { config, redis, gatewayId, liveGateways, clock, metrics, logger } = parts;
  const prefix = config.streamPrefix;
  const shards = config.streamPartitions;
  const keys = directoryKeys(prefix, shards);
  return {
    messageLimit: createMessageLimit({
      redis,
      keyOf: keys.messages,
      perMinute: config.messagesPerMinute,
      clock,
      logger,
    }),
    groupLimit: createGroupLimit({
      redis,
      keyOf: keys.groupOperations,
      perMinute: config.groupOperationsPerMinute,
      logger,
    }),
    commitLimit: createGroupLimit({
      redis,
      keyOf: keys.groupCommits,
      perMinute: config.groupCommitsPerMinute,
      logger,
    }),
    globalLimit: createGlobalLimit({
      redis,
      prefix,
      perSecond: config.globalMessagesPerSecond,
      liveGateways,
      clock,
      logger,
    }),
    bandwidth: createBandwidth({ bytesPerMinute: config.bandwidthPerMinute, clock, metrics }),
    fileBudget: createFileBudget(redis, { prefix, shards, bytesPerMinute: config.fileBytesPerMinute }),
    addresses: createAddressLimit({
      redis,
      prefix,
      gatewayId,
      most: config.connectionsPerAddress,
      liveGateways,
      onRefused: () => metrics.limited('connections_per_address'),
      logger,
    }),
    storm: createStorm({
      perSecond: config.handshakesPerSecond,
      clock,
      onRefused: () => metrics.limited('handshakes_per_second'),
    }),
  };
}
