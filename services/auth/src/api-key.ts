// node src/api-key.ts create NAME SCOPE… [--days N] | list | revoke ID: keys for programs that use the admin API. Who may run this
// is who has auth's POSTGRES_URL. A key is shown once, on standard output; the database knows its hash.
import { parseArgs } from 'node:util';
import { openPool, readConfig } from '@securechat/kernel';
import type { Pool } from 'pg';
import { createApiKey, hashOfKey } from './admin/callers.ts';
import { isScope, scopes } from './admin/scopes.ts';
import { runCommand, UsageError } from './command.ts';
import { migrateOptions } from './config.ts';
import { insertApiKey, listApiKeys, revokeApiKey } from './store/api-key-store.ts';

const MAX_DAYS = 3_650;
/** A person waits here, and a busy server may take a while. */
const CONNECT_MS = 30_000;
const USAGE = `Usage: node src/api-key.ts create NAME SCOPE… [--days N]
       node src/api-key.ts list
       node src/api-key.ts revoke ID
Scopes: ${Object.keys(scopes).join(', ')}`;

async function create(pool: Pool, [name = '', ...wanted]: string[], days?: string): Promise<string> {
  if (!/^[\x20-\x7e]{1,64}$/.test(name))
    throw new UsageError('NAME is up to 64 characters: what the key is for.');
  const unknown = wanted.find((word) => !isScope(word));
  if (wanted.length === 0 || unknown !== undefined)
    throw new UsageError(unknown === undefined ? 'Which scopes?' : `There is no scope ${unknown}.`);
  const validDays = days === undefined ? undefined : Number(days);
  if (validDays !== undefined && !(Number.isInteger(validDays) && validDays >= 1 && validDays <= MAX_DAYS))
    throw new UsageError(`--days is a number from 1 to ${MAX_DAYS}.`);
  const { id, key } = createApiKey();
  await insertApiKey(pool, { id, name, scopes: [...new Set(wanted)], sha256: hashOfKey(key), validDays });
  return key;
}

async function list(pool: Pool): Promise<string> {
  const keys = await listApiKeys(pool);
  if (keys.length === 0) return 'There are no keys.';
  return keys
    .map(({ id, name, scopes: may, created_at, expires_at, is_good }) => {
      const until = expires_at ? `until ${expires_at.toISOString()}` : 'without end';
      const state = is_good ? until : 'revoked or expired';
      return `${id}  ${name}  ${may.join(',')}  made ${created_at.toISOString()}  ${state}`;
    })
    .join('\n');
}

async function revoke(pool: Pool, [id = '']: string[]): Promise<string> {
  if (!(await revokeApiKey(pool, id))) throw new UsageError('There is no such key: `list` shows their ids.');
  return `${id} is taken no more`;
}

async function run(): Promise<string> {
  const { values, positionals } = parseArgs({
    options: { days: { type: 'string' } },
    allowPositionals: true,
  });
  const [word = '', ...rest] = positionals;
  if (!['create', 'list', 'revoke'].includes(word)) throw new UsageError('What is to be done?');
  const { secrets } = readConfig(migrateOptions);
  const pool = openPool(secrets.postgresUrl, {
    applicationName: 'api-key',
    max: 1,
    connectTimeoutMs: CONNECT_MS,
  });
  try {
    if (word === 'create') return await create(pool, rest, values.days);
    return word === 'list' ? await list(pool) : await revoke(pool, rest);
  } finally {
    await pool.end();
  }
}

await runCommand(USAGE, run);
