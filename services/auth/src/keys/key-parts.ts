import { MLS_SUITE } from '@securechat/crypto/key-package';
import { createDirectory, type OutStreams } from '@securechat/directory';
import type { Logger, RedisClient } from '@securechat/kernel';
import type { Pool } from 'pg';
import { createKeyLimits, type KeyLimits } from '../limits/key-limits.ts';
import { type LimitConfig, mostOf } from '../limits/table.ts';
import { type ClaimStore, createClaimStore } from '../store/claim-store.ts';
import { createKeyStore, type KeyStore } from '../store/key-store.ts';
import { createKeyNotices, type KeyNotices } from './notices.ts';

export type KeyParts = {
  keys: KeyStore;
  claims: ClaimStore;
  keyLimits: KeyLimits;
  keyNotices: KeyNotices;
};

type CountedConfig = LimitConfig & { streamPrefix: string; streamPartitions: number };
type KeyConfig = CountedConfig & { keyLowWater: number };

/** The limits as configured. */
export function createKeyLimitsOf(config: CountedConfig, redis: RedisClient): KeyLimits {
  return createKeyLimits({
    redis,
    prefix: config.streamPrefix,
    shards: config.streamPartitions,
    most: mostOf(config),
  });
}

/** All that requests about key packages need, as configured. */
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
