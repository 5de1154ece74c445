// node src/limits.ts list | show USER | stored | quota USER BYTES | quota USER default: limits in force, their usage,
// and quotas. Uses auth's own options; open to whoever has auth's POSTGRES_URL and REDIS_URL. Setting a quota is
// audited.
import { parseArgs } from 'node:util';
import { bytes, openProducer, readConfig, runCommand, UsageError } from '@securechat/kernel';
import { MAX_FILE_BYTES } from '@securechat/protocol';
import { createLimitsAdmin, type LimitsAdmin } from './admin/limits.ts';
import { atTerminal } from './admin/once.ts';
import { limitsOptions } from './config.ts';
import { createKeyLimitsOf } from './keys/key-parts.ts';
import { tellLimits, tellStored } from './limits/tell.ts';
import { withPool } from './with-pool.ts';

const REDIS_MS = 5_000;
const MOST_USERS = 100;
const USAGE = `Usage: node src/limits.ts list
       node src/limits.ts show USER
       node src/limits.ts stored              # who keep most files
       node src/limits.ts quota USER BYTES    # or 5GB; \`default\`: as all have`;

function toSetQuota(userId: string, text: string): Act {
  const quota = text === 'default' ? undefined : parseQuota(text);
  return async (admin) => {
    await admin.setQuota(atTerminal, userId, quota);
    return quota === undefined ? `${userId} has the quota of everybody` : `${userId} may keep ${quota} B`;
  };
}

function parseQuota(text: string): number {
  try {
    return bytes({ env: '', doc: '', min: 1, max: MAX_FILE_BYTES }).parse(text);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new UsageError(`BYTES must be ${error.message}.`);
  }
}

type Act = (admin: LimitsAdmin) => Promise<string>;

function actOf([word = '', userId, quota, ...more]: string[]): Act {
  const given = [userId, quota, ...more].filter((each) => each !== undefined).length;
  if (word === 'list' && given === 0) return async (admin) => tellLimits(await admin.list());
  if (word === 'stored' && given === 0)
    return async (admin) => tellStored(await admin.listStored(MOST_USERS));
  if (word === 'show' && userId !== undefined && given === 1)
    return async (admin) => tellLimits(await admin.describe(userId));
  if (word === 'quota' && userId !== undefined && quota !== undefined && given === 2)
    return toSetQuota(userId, quota);
  throw new UsageError('What is to be done?');
}

async function run(): Promise<string> {
  const act = actOf(parseArgs({ allowPositionals: true }).positionals);
  const { config, secrets } = readConfig(limitsOptions);
  const producer = openProducer(secrets.redisUrl, { name: 'limits' });
  try {
    await producer.whenReady(REDIS_MS);
    const { redis } = producer;
    const keyLimits = createKeyLimitsOf(config, redis);
    return await withPool('limits', secrets.postgresUrl, (pool) =>
      act(createLimitsAdmin({ pool, redis, keyLimits, config })),
    );
  } finally {
    producer.close();
  }
}

await runCommand(USAGE, run);
