import { runMigrate } from '@securechat/kernel';
import { migrateOptions } from './config.ts';
import { migrations } from './migrations/index.ts';

await runMigrate('auth', migrateOptions.postgresUrl, migrations);
