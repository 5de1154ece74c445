import { randomBytes } from 'node:crypto';
import { startPostgres } from '@securechat/embedded';
import { Client } from 'pg';
import { migrate, templateName } from './migrations.ts';
import { sharedUrl } from './redis.ts';
import { ownContainer } from './servers/own-container.ts';
import { type OwnServer, ownEmbeddedServer, say, wantsContainers } from './servers/own-server.ts';

export type TestDatabase = {
  /** With the rights of the database's owner. */
  readonly url: string;
  readonly name: string;
  /** Drops it, even under open connections. */
  drop(): Promise<void>;
};

/** Any number not otherwise used on the server: "scht" in ASCII. */
const TEMPLATE_LOCK = 0x73636874;
const TEMPLATE_PREFIX = 'securechat_template_';

/**
 * A separate database for this test file on the shared server. `migrated` (the default) clones a template with the tables of all
 * services, which is made once per state of the migrations. `empty` has none.
 */
export async function createTestDatabase(schema: 'migrated' | 'empty' = 'migrated'): Promise<TestDatabase> {
  const server = sharedUrl('TEST_POSTGRES_URL');
  const name = `test_${randomBytes(6).toString('hex')}`;
  await asOwner(server, async (owner) => {
    if (schema === 'empty') return owner.query(`CREATE DATABASE ${name}`);
    // held until the clone exists, because another run may replace the template
    await owner.query('SELECT pg_advisory_lock($1)', [TEMPLATE_LOCK]);
    const template = await ensureTemplate(owner, server);
    return owner.query(`CREATE DATABASE ${name} TEMPLATE ${template}`);
  });
  return {
    url: withDatabase(server, name),
    name,
    drop: () => asOwner(server, (owner) => owner.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`)),
  };
}

/** `datistemplate` is set last: a template without it was interrupted. */
async function ensureTemplate(owner: Client, server: string): Promise<string> {
  const template = templateName(TEMPLATE_PREFIX);
  const { rows } = await owner.query<{ datname: string; datistemplate: boolean }>(
    'SELECT datname, datistemplate FROM pg_database WHERE starts_with(datname, $1)',
    [TEMPLATE_PREFIX],
  );
  if (rows.some((row) => row.datname === template && row.datistemplate)) return template;

  for (const { datname } of rows) {
    await owner.query(`ALTER DATABASE ${datname} IS_TEMPLATE false`);
    await owner.query(`DROP DATABASE ${datname} WITH (FORCE)`);
  }
  await owner.query(`CREATE DATABASE ${template}`);
  await migrate(withDatabase(server, template));
  await owner.query(`ALTER DATABASE ${template} IS_TEMPLATE true`);
  return template;
}

/**
 * A Postgres for this test alone. `end('SIGQUIT')` is an immediate stop (no checkpoint, recovery at the next start), `end('SIGKILL')`
 * kills only the main process. Without fsync: commits survive both, but not a power cut.
 */
export async function startOwnPostgres(options: { maxConnections?: number } = {}): Promise<OwnServer> {
  const { maxConnections = 200 } = options;
  const server = wantsContainers()
    ? await ownContainer({
        name: 'Postgres',
        image: 'postgres:15',
        containerPort: 5432,
        environment: { POSTGRES_HOST_AUTH_METHOD: 'trust' },
        command: [
          ...['postgres', '-c', 'fsync=off', '-c', 'full_page_writes=off'],
          ...['-c', `max_connections=${maxConnections}`],
        ],
        urlFor: (host, port) => `postgres://postgres@${host}:${port}/postgres`,
        probe: (url) => asOwner(url, (owner) => owner.query('SELECT 1')),
      })
    : await ownEmbeddedServer('postgres', (place) =>
        startPostgres({ ...place, durable: false, settings: { max_connections: maxConnections } }),
      );
  say(`own Postgres: ${server.source}`);
  return server;
}

/** The same database as another role, if the server admits it without a password (as a trusted loopback does). */
export async function urlForRole(url: string, role: string): Promise<string | undefined> {
  const other = new URL(url);
  other.username = role;
  other.password = '';
  const client = new Client({ connectionString: other.href });
  client.on('error', () => undefined);
  try {
    await client.connect();
    return other.href;
  } catch {
    return undefined;
  } finally {
    await client.end().catch(() => undefined);
  }
}

async function asOwner(url: string, work: (owner: Client) => Promise<unknown>): Promise<void> {
  const owner = new Client({ connectionString: url });
  // a server that ends while we are connected is reported by the query
  owner.on('error', () => undefined);
  await owner.connect();
  try {
    await work(owner);
  } finally {
    await owner.end();
  }
}

function withDatabase(url: string, name: string): string {
  const other = new URL(url);
  other.pathname = `/${name}`;
  return other.href;
}
