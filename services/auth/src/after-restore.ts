// node src/after-restore.ts: run once on a database restored from a backup, before services start on it. Makes sure
// that positions, numbers and key packages given out after the backup are not given out again. POSTGRES_URL must be
// the table owner's. Redis must be emptied as well.
import { parseArgs } from 'node:util';
import { CannotDo, readConfig, runCommand, withTransaction } from '@securechat/kernel';
import type { PoolClient } from 'pg';
import { migrateOptions } from './config.ts';
import { withPool } from './with-pool.ts';

const STATEMENT_MS = 600_000;
/** More than any deployment gives out between a backup and its loss. */
const BEYOND = 1_000_000;

const STEPS: readonly (readonly [what: string, statement: string])[] = [
  [
    'clients are sent anew what waits for them',
    'UPDATE delivery.settings SET mailbox_epoch = mailbox_epoch + 1',
  ],
  ['places of mailboxes', `UPDATE delivery.device_queue SET head_seq = head_seq + ${BEYOND}`],
  ['places of conversations', `UPDATE delivery.conversations SET next_seq = next_seq + ${BEYOND}`],
  ['numbers of accounts', numbersBeyond('auth.users')],
  ['numbers of devices', numbersBeyond('auth.devices')],
  ['key packages, which devices upload anew', 'DELETE FROM auth.key_packages WHERE NOT last_resort'],
];

/** Tickets name accounts and devices by number. */
function numbersBeyond(table: string): string {
  return `SELECT setval(pg_get_serial_sequence('${table}', 'id'), (SELECT coalesce(max(id), 0) FROM ${table}) + ${BEYOND})`;
}

async function moveBeyond(client: PoolClient): Promise<void> {
  const others = await client.query(
    `SELECT FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()
        AND application_name IN ('auth', 'delivery', 'presence', 'files', 'push')`,
  );
  if ((others.rowCount ?? 0) > 0)
    throw new CannotDo('Services are connected to this database: stop them first.');
  for (const [what, statement] of STEPS) {
    const { rowCount } = await client.query(statement);
    process.stdout.write(`${String(rowCount ?? 0).padStart(8)}  ${what}\n`);
  }
}

await runCommand('Usage: node src/after-restore.ts', async () => {
  parseArgs({ options: {} });
  const { secrets } = readConfig(migrateOptions);
  await withPool('after-restore', secrets.postgresUrl, (pool) => withTransaction(pool, moveBeyond), {
    statementTimeoutMs: STATEMENT_MS,
  });
  return 'Now empty Redis (FLUSHDB), start the services, and repeat what admins did since the backup.';
});
