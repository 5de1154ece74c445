import type { RedisService } from '@securechat/protocol/disclosure';
import {
  createTestDatabase,
  migrate,
  type OwnServer,
  type RedisCluster,
  type RedisSentinel,
  reserveKeys,
  say,
  startOwnPostgres,
  startOwnRedis,
  startOwnRedisCluster,
  startOwnRedisSentinel,
  urlForRole,
} from '@securechat/testkit';
import {
  addRedisUsers,
  knowsRedisUsers,
  redisUrlAs,
  redisUserLines,
  removeRedisUsers,
} from './redis-users.ts';

export type StoresPlan = {
  /** `shared` (default): the one of this run. `own`: one that the test may hurt. */
  redis?: 'shared' | 'own' | 'own, append-only' | 'own cluster' | 'own sentinel';
  postgres?: 'shared' | 'own';
  /** Folder of the release whose services run, and whose migrations an own Postgres gets; default this one. */
  root?: string;
};

/** Of a Redis that nobody else uses. */
export const OWN_PREFIX = 'test';

/** The services with a role of their own in Postgres. */
export type StoringService = 'auth' | 'delivery' | 'presence' | 'files' | 'push';

export type Stores = {
  /** As a user who may do everything. */
  readonly redisUrl: string;
  /** As the user of a service. */
  redisUrlFor(service: RedisService): string;
  /** Begins every key of this constellation. */
  readonly streamPrefix: string;
  /** As the owner of the database. */
  readonly postgresUrl: string;
  /** As the role of a service, where the server lets it in without a password; otherwise as the owner. */
  postgresUrlFor(service: StoringService): string;
  /** Only where it was asked for. */
  readonly ownRedis: OwnServer | undefined;
  readonly ownCluster: RedisCluster | undefined;
  readonly ownSentinel: RedisSentinel | undefined;
  readonly ownPostgres: OwnServer | undefined;
  close(): Promise<void>;
};

export async function openStores(plan: StoresPlan): Promise<Stores> {
  const [redis, postgres] = await Promise.all([openRedis(plan), openPostgres(plan)]);
  const roleUrls = {
    auth: await urlForRole(postgres.url, 'securechat_auth'),
    delivery: await urlForRole(postgres.url, 'securechat_delivery'),
    presence: await urlForRole(postgres.url, 'securechat_presence'),
    files: await urlForRole(postgres.url, 'securechat_files'),
    push: await urlForRole(postgres.url, 'securechat_push'),
  };
  if (Object.values(roleUrls).includes(undefined)) {
    say('Postgres does not let the roles of the services in without a password: they run as the owner');
  }
  return {
    redisUrl: redis.url,
    redisUrlFor: (service) => (redis.hasUsers ? redisUrlAs(redis.url, redis.prefix, service) : redis.url),
    streamPrefix: redis.prefix,
    postgresUrl: postgres.url,
    postgresUrlFor: (service) => roleUrls[service] ?? postgres.url,
    ownRedis: redis.own,
    ownCluster: redis.cluster,
    ownSentinel: redis.sentinel,
    ownPostgres: postgres.own,
    async close() {
      await Promise.all([redis.close(), postgres.close()]);
    },
  };
}

type OpenedRedis = {
  url: string;
  prefix: string;
  /** Each service is a user of its own. */
  hasUsers: boolean;
  own?: OwnServer;
  cluster?: RedisCluster;
  sentinel?: RedisSentinel;
  close(): Promise<void>;
};

/** `npm run test:redis` says of which kind the own one of a test is. */
const OWN =
  process.env.TEST_OWN_REDIS === undefined
    ? 'own'
    : (`own ${process.env.TEST_OWN_REDIS}` as StoresPlan['redis']);

async function openRedis({ redis: asked = 'shared', root }: StoresPlan): Promise<OpenedRedis> {
  const kind = asked === 'own' ? OWN : asked;
  const shouldHaveUsers = knowsRedisUsers(root);
  if (kind === 'shared') return await openSharedRedis(shouldHaveUsers);
  const users = shouldHaveUsers ? redisUserLines(OWN_PREFIX) : [];
  const as = { prefix: OWN_PREFIX, hasUsers: shouldHaveUsers };
  if (kind === 'own cluster') {
    const cluster = await startOwnRedisCluster(users);
    return { ...as, url: cluster.url, cluster, close: cluster.stop };
  }
  if (kind === 'own sentinel') {
    const sentinel = await startOwnRedisSentinel(users);
    return { ...as, url: sentinel.url, sentinel, close: sentinel.stop };
  }
  const own = await startOwnRedis({ appendonly: kind === 'own, append-only', users });
  return { ...as, url: own.url, own, close: () => own.stop() };
}

async function openSharedRedis(shouldHaveUsers: boolean): Promise<OpenedRedis> {
  const shared = await reserveKeys();
  const hasUsers = shouldHaveUsers && (await addRedisUsers(shared));
  return {
    ...{ url: shared.url, prefix: shared.prefix, hasUsers },
    async close() {
      try {
        if (hasUsers) await removeRedisUsers(shared);
      } finally {
        await shared.close();
      }
    },
  };
}

async function openPostgres({ postgres = 'shared', root }: StoresPlan) {
  if (postgres === 'shared') {
    const { url, drop } = await createTestDatabase();
    return { url, own: undefined, close: drop };
  }
  const own = await startOwnPostgres();
  await migrate(own.url, root);
  return { url: own.url, own, close: () => own.stop() };
}
