import type { ClientBase } from 'pg';
import { presentSchemas } from './erase.ts';

/** By service. */
export type Export = Record<string, object>;

/** As each schema reports it; consistent when the transaction is REPEATABLE READ. */
export async function exportUser(client: ClientBase, user: number): Promise<Export> {
  const told: Export = {};
  for (const schema of ['auth', ...(await presentSchemas(client))]) {
    const { rows } = await client.query<{ told: object }>(`SELECT ${schema}.export_user($1) AS told`, [user]);
    told[schema] = rows[0]?.told ?? {};
  }
  return told;
}
