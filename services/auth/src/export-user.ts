// node src/export-user.ts USER: all that the server has of a user as JSON, without content. With auth's own options; written to the audit log.
import { openPool, readConfig, withTransaction } from '@securechat/kernel';
import { migrateOptions } from './config.ts';
import { exportUser } from './erasure/export.ts';
import { findAccount, insertAudit } from './store/admin-store.ts';

const CONNECT_MS = 30_000;

const [userId, ...more] = process.argv.slice(2);
if (userId === undefined || more.length > 0) {
  process.stderr.write('Usage: node src/export-user.ts USER\n');
  process.exit(2);
}
const { secrets } = readConfig(migrateOptions);
const pool = openPool(secrets.postgresUrl, {
  applicationName: 'export-user',
  max: 1,
  connectTimeoutMs: CONNECT_MS,
});
try {
  const told = await withTransaction(pool, async (client) => {
    const account = await findAccount(client, userId);
    if (account === undefined) return undefined;
    await insertAudit(client, { action: 'export_account', keyId: undefined, account });
    return exportUser(client, account);
  });
  if (told === undefined) {
    process.stderr.write(`There is no account ${userId}.\n`);
    process.exitCode = 1;
  } else process.stdout.write(`${JSON.stringify(told, undefined, 2)}\n`);
} finally {
  await pool.end();
}
