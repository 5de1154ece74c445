// node src/doctor.ts: looks at what waking devices and telling backends stands on, with push's own options, and says what to do about what is not as it
// should be. Exit code 0: nothing is wrong, 1: something is, 2: the options make no sense. Sends nothing to anybody.
import { ConfigError, openPool, readConfig, tellFindings } from '@securechat/kernel';
import { options } from './config.ts';
import { lookAtPush } from './doctor/look.ts';

try {
  const { config, secrets } = readConfig(options);
  const pool = openPool(secrets.postgresUrl, { applicationName: 'doctor', max: 1 });
  try {
    // one by one: secrets are in no copy of the object that has them
    const findings = await lookAtPush({ ...config, vapidPrivateKey: secrets.vapidPrivateKey, pool });
    process.stdout.write(`${tellFindings(findings).join('\n')}\n`);
    process.exitCode = findings.some(({ remedy }) => remedy !== undefined) ? 1 : 0;
  } finally {
    await pool.end();
  }
} catch (error) {
  if (!(error instanceof ConfigError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 2;
}
