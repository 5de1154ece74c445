import {
  CONVERSATION_WINDOW_MS,
  createFileBudget,
  directoryKeys,
  GROUP_WINDOW_MS,
} from '@securechat/directory';
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
      most: config.groupOperationsPerMinute,
      windowMs: GROUP_WINDOW_MS,
      logger,
    }),
    commitLimit: createGroupLimit({
      redis,
      keyOf: keys.groupCommits,
      most: config.groupCommitsPerMinute,
      windowMs: GROUP_WINDOW_MS,
      logger,
    }),
    conversationLimit: createGroupLimit({
      redis,
      keyOf: keys.conversations,
      most: config.conversationsPerDay,
      windowMs: CONVERSATION_WINDOW_MS,
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
