import { migrateToLatest, readConfig } from '@securechat/kernel';
import { options } from './config.ts';
import { migrations } from './migrations/index.ts';

const { secrets } = readConfig({ postgresUrl: options.postgresUrl });
await migrateToLatest({ url: secrets.postgresUrl, service: 'push', migrations });
