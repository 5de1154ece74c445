import { MLS_SUITE } from '@securechat/crypto/key-package';
import { createDirectory, type OutStreams } from '@securechat/directory';
import type { Logger, RedisClient } from '@securechat/kernel';
import type { Pool } from 'pg';
import { createKeyLimits, type KeyLimits } from '../limits/key-limits.ts';
import { type ClaimStore, createClaimStore } from '../store/claim-store.ts';
import { createKeyStore, type KeyStore } from '../store/key-store.ts';
import { createKeyNotices, type KeyNotices } from './notices.ts';

export type KeyParts = {
  keys: KeyStore;
  claims: ClaimStore;
  keyLimits: KeyLimits;
  keyNotices: KeyNotices;
};

type LimitConfig = {
  streamPrefix: string;
  streamPartitions: number;
  keyRequestsPerMinute: number;
  keysPerPairHour: number;
  keysPerTargetHour: number;
  keyUploadsPerHour: number;
  turnPerHour: number;
};
type KeyConfig = LimitConfig & { keyLowWater: number };

/** The limits as they are configured. */
export function createKeyLimitsOf(config: LimitConfig, redis: RedisClient): KeyLimits {
  return createKeyLimits({
    redis,
    prefix: config.streamPrefix,
    shards: config.streamPartitions,
    most: {
      keyRequests: config.keyRequestsPerMinute,
      keysPerPair: config.keysPerPairHour,
      keysPerTarget: config.keysPerTargetHour,
      keyUploads: config.keyUploadsPerHour,
      turnCredentials: config.turnPerHour,
    },
  });
}

/** All that requests about key packages need, as it is configured. */
export function createKeyParts(
  config: KeyConfig,
  parts: { pool: Pool; redis: RedisClient; outStreams: OutStreams; logger: Logger },
): KeyParts {
  const { pool, redis, outStreams, logger } = parts;
  const place = { prefix: config.streamPrefix, shards: config.streamPartitions };
  return {
    keys: createKeyStore(pool),
    claims: createClaimStore(pool, MLS_SUITE),
    keyLimits: createKeyLimitsOf(config, redis),
    keyNotices: createKeyNotices({
      directory: createDirectory(redis, place),
      outStreams,
      lowWater: config.keyLowWater,
      logger,
    }),
  };
}
