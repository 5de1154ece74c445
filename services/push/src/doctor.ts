// node src/doctor.ts: checks what wakes and webhooks depend on, with push's own options, and gives a remedy for each
// problem found. Exit code 0: nothing is wrong, 1: something is, 2: the options make no sense. Sends nothing to
// anyone.
import { parseArgs } from 'node:util';
import { openPool, readConfig, runDoctor } from '@securechat/kernel';
import { options } from './config.ts';
import { lookAtPush } from './doctor/look.ts';

await runDoctor('Usage: node src/doctor.ts', async () => {
  parseArgs({ options: {} });
  const { config, secrets } = readConfig(options);
  const pool = openPool(secrets.postgresUrl, { applicationName: 'doctor', max: 1 });
  try {
    // one by one: secrets are not enumerable, so a spread would drop them
    return await lookAtPush({ ...config, vapidPrivateKey: secrets.vapidPrivateKey, pool });
  } finally {
    await pool.end();
  }
});
