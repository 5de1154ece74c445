// node src/doctor.ts: looks at what waking devices and telling backends stands on, with push's own options, and says what to do about what is not as it
// should be. Exit code 0: nothing is wrong, 1: something is, 2: the options make no sense. Sends nothing to anybody.
import { parseArgs } from 'node:util';
import { openPool, readConfig, runDoctor } from '@securechat/kernel';
import { options } from './config.ts';
import { lookAtPush } from './doctor/look.ts';

await runDoctor('Usage: node src/doctor.ts', async () => {
  parseArgs({ options: {} });
  const { config, secrets } = readConfig(options);
  const pool = openPool(secrets.postgresUrl, { applicationName: 'doctor', max: 1 });
  try {
    // one by one: secrets are in no copy of the object that has them
    return await lookAtPush({ ...config, vapidPrivateKey: secrets.vapidPrivateKey, pool });
  } finally {
    await pool.end();
  }
});
