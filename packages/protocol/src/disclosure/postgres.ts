import { authTables } from './postgres/auth.ts';
import { authKeyTables } from './postgres/auth-keys.ts';
import { deliveryTables } from './postgres/delivery.ts';
import { filesTables } from './postgres/files.ts';
import { presenceTables } from './postgres/presence.ts';
import { pushTables } from './postgres/push.ts';
import type { Tables } from './postgres/table.ts';

export type { Table } from './postgres/table.ts';

/** By schema and table; partitions count as their parent. */
export const postgres: Tables = {
  ...authTables,
  ...authKeyTables,
  ...deliveryTables,
  ...presenceTables,
  ...pushTables,
  ...filesTables,
};
