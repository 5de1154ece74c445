// node src/export-user.ts USER: all that the server has of a user as JSON, without content. Uses auth's own options;
// audited.
import { parseArgs } from 'node:util';
import { CannotDo, oneWord, readConfig, runCommand, withTransaction } from '@securechat/kernel';
import { migrateOptions } from './config.ts';
import { exportUser } from './erasure/export.ts';
import { findAccount, insertAudit } from './store/admin-store.ts';
import { withPool } from './with-pool.ts';

await runCommand('Usage: node src/export-user.ts USER', async () => {
  const userId = oneWord('USER', parseArgs({ allowPositionals: true }).positionals);
  const { secrets } = readConfig(migrateOptions);
  const told = await withPool('export-user', secrets.postgresUrl, (pool) =>
    withTransaction(pool, async (client) => {
      const account = await findAccount(client, userId);
      if (account === undefined) throw new CannotDo(`There is no account ${userId}.`);
      await insertAudit(client, { action: 'export_account', keyId: undefined, account });
      return exportUser(client, account);
    }),
  );
  return JSON.stringify(told, undefined, 2);
});
