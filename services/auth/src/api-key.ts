// node src/api-key.ts create NAME SCOPE… [--days N] | list | revoke ID: keys for programs that use the admin API.
// Open to whoever has auth's POSTGRES_URL. A key is shown once, on standard output; the database stores its hash.
import { parseArgs } from 'node:util';
import { CannotDo, noWords, oneWord, readConfig, runCommand, UsageError } from '@securechat/kernel';
import type { Pool } from 'pg';
import { createApiKey, hashOfKey } from './admin/callers.ts';
import { isScope, scopes } from './admin/scopes.ts';
import { migrateOptions } from './config.ts';
import { insertApiKey, listApiKeys, revokeApiKey } from './store/api-key-store.ts';
import { withPool } from './with-pool.ts';

const MAX_DAYS = 3_650;
const USAGE = `Usage: node src/api-key.ts create NAME SCOPE… [--days N]
       node src/api-key.ts list
       node src/api-key.ts revoke ID
Scopes: ${Object.keys(scopes).join(', ')}`;

type Act = (pool: Pool) => Promise<string>;

function toCreate([name = '', ...wanted]: string[], days?: string): Act {
  if (!/^[\x20-\x7e]{1,64}$/.test(name))
    throw new UsageError('NAME is up to 64 characters: what the key is for.');
  const unknown = wanted.find((word) => !isScope(word));
  if (wanted.length === 0 || unknown !== undefined)
    throw new UsageError(unknown === undefined ? 'Which scopes?' : `There is no scope ${unknown}.`);
  const validDays = days === undefined ? undefined : Number(days);
  if (validDays !== undefined && !(Number.isInteger(validDays) && validDays >= 1 && validDays <= MAX_DAYS))
    throw new UsageError(`--days is a number from 1 to ${MAX_DAYS}.`);
  return async (pool) => {
    const { id, key } = createApiKey();
    await insertApiKey(pool, { id, name, scopes: [...new Set(wanted)], sha256: hashOfKey(key), validDays });
    return key;
  };
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

async function revoke(pool: Pool, id: string): Promise<string> {
  if (!(await revokeApiKey(pool, id))) throw new CannotDo('There is no such key: `list` shows their ids.');
  return `${id} is taken no more`;
}

function actOf([word = '', ...rest]: string[], days: string | undefined): Act {
  if (word === 'create') return toCreate(rest, days);
  if (word === 'revoke') {
    const id = oneWord('ID', rest);
    return (pool) => revoke(pool, id);
  }
  if (word !== 'list') throw new UsageError('What is to be done?');
  noWords(rest);
  return list;
}

async function run(): Promise<string> {
  const { values, positionals } = parseArgs({
    options: { days: { type: 'string' } },
    allowPositionals: true,
  });
  const act = actOf(positionals, values.days);
  const { secrets } = readConfig(migrateOptions);
  return withPool('api-key', secrets.postgresUrl, act);
}

await runCommand(USAGE, run);
