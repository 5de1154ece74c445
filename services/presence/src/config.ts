import {
  defineConfig,
  durationMs,
  int,
  postgresOption,
  redisOption,
  streamOptions,
} from '@securechat/kernel';
import { PRESENCE_LEASE_MS } from '@securechat/protocol/internal';

export const options = defineConfig({
  redisUrl: redisOption,
  postgresUrl: postgresOption('securechat_presence'),
  ...streamOptions,
  poolSize: int({
    env: 'PRESENCE_POSTGRES_CONNECTIONS',
    default: 4,
    min: 1,
    max: 100,
    doc: 'Maximum connections to Postgres, which says who may see whom',
  }),
  leaseMs: durationMs({
    env: 'PRESENCE_LEASE_MS',
    default: PRESENCE_LEASE_MS,
    min: 1_000,
    max: PRESENCE_LEASE_MS,
    doc: 'A device is offline when its gateway has not reported it for this long; gateways report every 12 s',
  }),
  graceMs: durationMs({
    env: 'PRESENCE_GRACE_MS',
    default: 3_000,
    min: 0,
    max: PRESENCE_LEASE_MS,
    doc: 'A device whose connection ended may come back within this time without having been offline',
  }),
  changesPerSecond: int({
    env: 'PRESENCE_CHANGES_PER_SECOND',
    default: 2_000,
    min: 1,
    doc: 'Status changes that one process sends to gateways per second; with more, each comes later',
  }),
  lastSeenEveryMs: durationMs({
    env: 'PRESENCE_LAST_SEEN_EVERY_MS',
    default: 30_000,
    min: 100,
    doc: 'How often last-online times are written to Postgres',
  }),
});
