// node src/erase-user.ts USER | --receipt ID: erases a user for good, or tells how far an erasure is. Cut off at once, gone within minutes: a job of
// auth does the rest, whatever becomes of this command. With auth's own options.
import { parseArgs } from 'node:util';
import { openPool, readConfig, withTransaction } from '@securechat/kernel';
import type { Pool } from 'pg';
import { beginErasure } from './admin/admin.ts';
import { migrateOptions } from './config.ts';
import { findAccount } from './store/admin-store.ts';
import { type ErasureRow, findErasure } from './store/erasure-store.ts';

const CONNECT_MS = 30_000;
const USAGE = `Usage: node src/erase-user.ts USER
       node src/erase-user.ts --receipt ID
`;

class NotThere extends Error {}

async function ask(pool: Pool, userId: string): Promise<string> {
  return withTransaction(pool, async (client) => {
    const account = await findAccount(client, userId);
    if (account === undefined) throw new NotThere(`There is no account ${userId}.`);
    return beginErasure(client, { account, userId, keyId: undefined });
  });
}

async function receipt(pool: Pool, id: string): Promise<string> {
  const found = await findErasure(pool, id);
  if (!found) throw new NotThere('There is no such erasure.');
  return tell(found);
}

function tell({ id, subject_sha256, asked_at, finished_at, removed, waiting }: ErasureRow): string {
  const lines = (counts: object): string[] =>
    Object.entries(counts).map(([what, count]) => `  ${String(count).padStart(8)}  ${what}`);
  return [
    `erasure   ${id}`,
    `of        SHA-256 ${subject_sha256.toString('hex')}`,
    `asked     ${asked_at.toISOString()}`,
    `finished  ${finished_at?.toISOString() ?? 'not yet'}`,
    'removed',
    ...lines(removed),
    ...(Object.keys(waiting).length > 0 ? ['waiting for', ...lines(waiting)] : []),
  ].join('\n');
}

const { values, positionals } = parseArgs({
  options: { receipt: { type: 'string' } },
  allowPositionals: true,
  strict: false,
});
const [userId] = positionals;
const id = values.receipt;
if ((userId === undefined) === (typeof id !== 'string') || positionals.length > 1) {
  process.stderr.write(USAGE);
  process.exit(2);
}
const { secrets } = readConfig(migrateOptions);
const pool = openPool(secrets.postgresUrl, {
  applicationName: 'erase-user',
  max: 1,
  connectTimeoutMs: CONNECT_MS,
});
try {
  process.stdout.write(
    `${await receipt(pool, userId === undefined ? String(id) : await ask(pool, userId))}\n`,
  );
} catch (error) {
  if (!(error instanceof NotThere)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
} finally {
  await pool.end();
}
