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

type KeyConfig = {
  streamPrefix: string;
  streamPartitions: number;
  keyLowWater: number;
  keyRequestsPerMinute: number;
  keysPerPairHour: number;
  keysPerTargetHour: number;
  keyUploadsPerHour: number;
  turnPerHour: number;
};

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
    keyLimits: createKeyLimits({
      redis,
      ...place,
      most: {
        keyRequests: config.keyRequestsPerMinute,
        keysPerPair: config.keysPerPairHour,
        keysPerTarget: config.keysPerTargetHour,
        keyUploads: config.keyUploadsPerHour,
        turnCredentials: config.turnPerHour,
      },
    }),
    keyNotices: createKeyNotices({
      directory: createDirectory(redis, place),
      outStreams,
      lowWater: config.keyLowWater,
      logger,
    }),
  };
}
