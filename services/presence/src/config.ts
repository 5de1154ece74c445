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
    doc: 'Most connections to Postgres: who may see whom is looked up there',
  }),
  leaseMs: durationMs({
    env: 'PRESENCE_LEASE_MS',
    default: PRESENCE_LEASE_MS,
    min: 1_000,
    max: PRESENCE_LEASE_MS,
    doc: 'A device of which its gateway says nothing for this long is offline; gateways say it every 12 s',
  }),
  graceMs: durationMs({
    env: 'PRESENCE_GRACE_MS',
    default: 3_000,
    min: 0,
    max: PRESENCE_LEASE_MS,
    doc: 'A device whose connection ended may come back within this without having been offline',
  }),
  changesPerSecond: int({
    env: 'PRESENCE_CHANGES_PER_SECOND',
    default: 2_000,
    min: 1,
    doc: 'Changes of users that one process tells to gateways in a second; with more, each comes later',
  }),
  lastSeenEveryMs: durationMs({
    env: 'PRESENCE_LAST_SEEN_EVERY_MS',
    default: 30_000,
    min: 100,
    doc: 'How often the times at which users were last online are written to Postgres',
  }),
});
