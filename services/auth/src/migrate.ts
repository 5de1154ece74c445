// Brings the schema of auth up to date and ends: exit code 0 when nothing is missing any more.
import { ConfigError, migrateToLatest, readConfig } from '@securechat/kernel';
import { migrateOptions } from './config.ts';
import { migrations } from './migrations/index.ts';

try {
  const { secrets } = readConfig(migrateOptions);
  await migrateToLatest({ url: secrets.postgresUrl, service: 'auth', migrations });
} catch (error) {
  if (!(error instanceof ConfigError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}
