import { runMigrate } from '@securechat/kernel';
import { options } from './config.ts';
import { migrations } from './migrations/index.ts';

await runMigrate('files', options.postgresUrl, migrations);
