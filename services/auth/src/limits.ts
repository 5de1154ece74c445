// node src/limits.ts list | show USER | stored | quota USER BYTES | quota USER default: limits in force, what stands against them, and quotas. With
// auth's own options; who may run this is who has auth's POSTGRES_URL and REDIS_URL. A quota is written to the audit log.
import { parseArgs } from 'node:util';
import { bytes, openPool, openProducer, readConfig } from '@securechat/kernel';
import { MAX_FILE_BYTES } from '@securechat/protocol';
import { createLimitsAdmin, type LimitsAdmin } from './admin/limits.ts';
import { atTerminal } from './admin/once.ts';
import { runCommand, UsageError } from './command.ts';
import { limitsOptions } from './config.ts';
import { createKeyLimitsOf } from './keys/key-parts.ts';
import { tellLimits, tellStored } from './limits/tell.ts';

const CONNECT_MS = 30_000;
const REDIS_MS = 5_000;
const MOST_USERS = 100;
const USAGE = `Usage: node src/limits.ts list
       node src/limits.ts show USER
       node src/limits.ts stored              # who keep most files
       node src/limits.ts quota USER BYTES    # or 5GB; \`default\`: as all have`;

async function setQuota(admin: LimitsAdmin, userId: string, text: string): Promise<string> {
  const quota = text === 'default' ? undefined : parseQuota(text);
  await admin.setQuota(atTerminal, userId, quota);
  return quota === undefined ? `${userId} may keep what all may` : `${userId} may keep ${quota} B`;
}

function parseQuota(text: string): number {
  try {
    return bytes({ env: '', doc: '', min: 1, max: MAX_FILE_BYTES }).parse(text);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new UsageError(`BYTES must be ${error.message}.`);
  }
}

async function act(admin: LimitsAdmin, [word = '', userId, quota, ...more]: string[]): Promise<string> {
  const given = [userId, quota, ...more].filter((each) => each !== undefined).length;
  if (word === 'list' && given === 0) return tellLimits(await admin.list());
  if (word === 'stored' && given === 0) return tellStored(await admin.listStored(MOST_USERS));
  if (word === 'show' && userId !== undefined && given === 1) return tellLimits(await admin.describe(userId));
  if (word === 'quota' && userId !== undefined && quota !== undefined && given === 2)
    return setQuota(admin, userId, quota);
  throw new UsageError('What is to be done?');
}

async function run(): Promise<string> {
  const { positionals } = parseArgs({ allowPositionals: true });
  const { config, secrets } = readConfig(limitsOptions);
  const pool = openPool(secrets.postgresUrl, {
    applicationName: 'limits',
    max: 1,
    connectTimeoutMs: CONNECT_MS,
  });
  const producer = openProducer(secrets.redisUrl, { name: 'limits' });
  try {
    await producer.whenReady(REDIS_MS);
    const { redis } = producer;
    const keyLimits = createKeyLimitsOf(config, redis);
    return await act(createLimitsAdmin({ pool, redis, keyLimits, config }), positionals);
  } finally {
    producer.close();
    await pool.end();
  }
}

await runCommand(USAGE, run);
