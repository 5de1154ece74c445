// node src/erase-user.ts USER | --receipt ID: erases a user for good, or reports an erasure's progress. Service ends
// at once, data is gone within minutes: a job of auth does the rest, whatever becomes of this command. Uses auth's
// own options.
import { parseArgs } from 'node:util';
import { CannotDo, noWords, oneWord, readConfig, runCommand, withTransaction } from '@securechat/kernel';
import type { Pool } from 'pg';
import { beginErasure } from './admin/admin.ts';
import { migrateOptions } from './config.ts';
import { findAccount } from './store/admin-store.ts';
import { type ErasureRow, findErasure } from './store/erasure-store.ts';
import { withPool } from './with-pool.ts';

const USAGE = `Usage: node src/erase-user.ts USER
       node src/erase-user.ts --receipt ID`;

type Act = (pool: Pool) => Promise<string>;

function toAsk(userId: string): Act {
  return async (pool) => {
    const id = await withTransaction(pool, async (client) => {
      const account = await findAccount(client, userId);
      if (account === undefined) throw new CannotDo(`There is no account ${userId}.`);
      return beginErasure(client, { account, userId, keyId: undefined });
    });
    return toTell(id)(pool);
  };
}

function toTell(id: string): Act {
  return async (pool) => {
    const found = await findErasure(pool, id);
    if (!found) throw new CannotDo('There is no such erasure.');
    return tell(found);
  };
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

await runCommand(USAGE, async () => {
  const { values, positionals } = parseArgs({
    options: { receipt: { type: 'string' } },
    allowPositionals: true,
  });
  if (values.receipt !== undefined) noWords(positionals);
  const act = values.receipt === undefined ? toAsk(oneWord('USER', positionals)) : toTell(values.receipt);
  const { secrets } = readConfig(migrateOptions);
  return withPool('erase-user', secrets.postgresUrl, act);
});
