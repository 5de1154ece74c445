import {
  createTestDatabase,
  migrate,
  type OwnServer,
  openTestRedis,
  say,
  startOwnPostgres,
  startOwnRedis,
  urlForRole,
} from '@securechat/testkit';

export type StoresPlan = {
  /** `shared` (default): the one of this run. `own`: one that the test may hurt. */
  redis?: 'shared' | 'own' | 'own, append-only';
  postgres?: 'shared' | 'own';
};

export type Stores = {
  readonly redisUrl: string;
  /** Begins every key of this constellation. */
  readonly streamPrefix: string;
  /** As the owner of the database. */
  readonly postgresUrl: string;
  /** As the role of a service, where the server lets it in without a password; otherwise as the owner. */
  postgresUrlFor(service: 'auth' | 'delivery'): string;
  /** Only where it was asked for. */
  readonly ownRedis: OwnServer | undefined;
  readonly ownPostgres: OwnServer | undefined;
  close(): Promise<void>;
};

export async function openStores(plan: StoresPlan): Promise<Stores> {
  const [redis, postgres] = await Promise.all([openRedis(plan.redis), openPostgres(plan.postgres)]);
  const roleUrls = {
    auth: await urlForRole(postgres.url, 'securechat_auth'),
    delivery: await urlForRole(postgres.url, 'securechat_delivery'),
  };
  if (!roleUrls.auth || !roleUrls.delivery) {
    say('Postgres does not let the roles of the services in without a password: they run as the owner');
  }
  return {
    redisUrl: redis.url,
    streamPrefix: redis.prefix,
    postgresUrl: postgres.url,
    postgresUrlFor: (service) => roleUrls[service] ?? postgres.url,
    ownRedis: redis.own,
    ownPostgres: postgres.own,
    async close() {
      await Promise.all([redis.close(), postgres.close()]);
    },
  };
}

async function openRedis(kind: StoresPlan['redis'] = 'shared') {
  if (kind === 'shared') {
    const { url, prefix, close } = await openTestRedis();
    return { url, prefix, own: undefined, close };
  }
  const own = await startOwnRedis({ appendonly: kind === 'own, append-only' });
  return { url: own.url, prefix: 'test', own, close: () => own.stop() };
}

async function openPostgres(kind: StoresPlan['postgres'] = 'shared') {
  if (kind === 'shared') {
    const { url, drop } = await createTestDatabase();
    return { url, own: undefined, close: drop };
  }
  const own = await startOwnPostgres();
  await migrate(own.url);
  return { url: own.url, own, close: () => own.stop() };
}
