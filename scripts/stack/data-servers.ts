import { join } from 'node:path';
import { type EmbeddedServer, lastLines, startPostgres, startRedis } from '@securechat/embedded';
import type { StackPorts } from './ports.ts';
import type { Running } from './running.ts';

export type StackUrls = {
  redis: string;
  /** As the owner of the tables, who migrates. */
  postgres: string;
  /** As the service's own role, which has only the rights that the service needs. */
  authPostgres: string;
  deliveryPostgres: string;
  presencePostgres: string;
  filesPostgres: string;
  pushPostgres: string;
};

type Surroundings = { dataFolder: string; ports: StackPorts; running: Running; say: (line: string) => void };

/** The servers given by REDIS_URL and POSTGRES_URL, or embedded ones with their data below .data. */
export async function startDataServers(around: Surroundings): Promise<StackUrls> {
  const redis = process.env.REDIS_URL || (await startEmbeddedRedis(around));
  if (process.env.REDIS_URL) around.say('Redis: given by REDIS_URL');

  const given = process.env.POSTGRES_URL;
  if (!given) return { redis, ...(await startEmbeddedPostgres(around)) };
  around.say('Postgres: given by POSTGRES_URL');
  return {
    redis,
    postgres: given,
    authPostgres: process.env.AUTH_POSTGRES_URL || given,
    deliveryPostgres: process.env.DELIVERY_POSTGRES_URL || given,
    presencePostgres: process.env.PRESENCE_POSTGRES_URL || given,
    filesPostgres: process.env.FILES_POSTGRES_URL || given,
    pushPostgres: process.env.PUSH_POSTGRES_URL || given,
  };
}

async function startEmbeddedRedis({ dataFolder, ports, running, say }: Surroundings): Promise<string> {
  const dir = join(dataFolder, 'redis');
  const server = await startRedis({ dir, port: ports.redis[0], progress: say });
  say(`Redis: embedded (${server.program}), port ${server.port}, data in ${server.dir}`);
  running.add(asProcess('redis', server));
  return server.url;
}

async function startEmbeddedPostgres({ dataFolder, ports, running, say }: Surroundings) {
  const dir = join(dataFolder, 'postgres');
  const server = await startPostgres({
    dir,
    port: ports.postgres[0],
    database: 'securechat',
    settings: { max_connections: 200 },
    progress: say,
  });
  say(`Postgres: embedded, port ${server.port}, data in ${server.dir}`);
  running.add(asProcess('postgres', server));
  return {
    postgres: server.url,
    authPostgres: withUser(server.url, 'securechat_auth'),
    deliveryPostgres: withUser(server.url, 'securechat_delivery'),
    presencePostgres: withUser(server.url, 'securechat_presence'),
    filesPostgres: withUser(server.url, 'securechat_files'),
    pushPostgres: withUser(server.url, 'securechat_push'),
  };
}

/** The migrations create these roles; the embedded server trusts everybody on this machine. */
function withUser(url: string, user: string): string {
  const changed = new URL(url);
  changed.username = user;
  return changed.href;
}

function asProcess(name: string, server: EmbeddedServer) {
  return {
    name,
    pid: server.pid,
    stage: 'server' as const,
    exited: server.exited,
    stop: () => server.stop(),
    kill: () => server.kill(),
    lastWords: () => lastLines(join(server.dir, `${name}.log`), 20),
  };
}
