// node src/doctor.ts [--url https://chat.example.org] [--ca FILE]: checks what this deployment depends on, with
// auth's own options, and gives a remedy for each problem found. Exit code 0: nothing is wrong, 1: something is, 2:
// wrong usage.
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import {
  type Finding,
  lookAt,
  openPool,
  openProducer,
  runDoctor,
  systemClock,
  UsageError,
} from '@securechat/kernel';
import { lookAtDoor } from './doctor/door.ts';
import { lookAtKeys } from './doctor/keys.ts';
import { lookAtPostgres } from './doctor/postgres.ts';
import { lookAtRedis } from './doctor/redis.ts';
import { lookAtTurn } from './doctor/turn.ts';
import { readAuthConfig } from './read-config.ts';
import { openServiceKeys } from './service-keys.ts';

const REDIS_MS = 3_000;

/** `ca`: PEM. */
type Options = { url: string | undefined; ca: string | undefined };

async function examine({ url, ca }: Options): Promise<Finding[]> {
  const { config, secrets } = readAuthConfig(process.env);
  const serviceKeys = openServiceKeys(secrets);
  const pool = openPool(secrets.postgresUrl, { applicationName: 'doctor', max: 1 });
  const producer = openProducer(secrets.redisUrl, { name: 'doctor' });
  try {
    const [own = ''] = serviceKeys.published.map(({ id }) => id);
    const findings = await Promise.all([
      lookAt('Postgres', 'Is it running, and POSTGRES_URL right?', () => lookAtPostgres(pool, systemClock)),
      lookAt('Redis', 'Is it running, and REDIS_URL right?', async () => {
        await producer.whenReady(REDIS_MS);
        return lookAtRedis(producer.redis, systemClock);
      }),
      lookAtTurn(config.turnUrls),
      lookAt('service key', 'Have the migrations of auth been run?', () =>
        lookAtKeys(pool, serviceKeys, systemClock),
      ),
      url === undefined
        ? []
        : lookAt(url, 'Is that the address of this server, and its certificate one that clients trust?', () =>
            lookAtDoor(url, own, systemClock, ca),
          ),
    ]);
    return findings.flat();
  } finally {
    serviceKeys.wipe();
    producer.close();
    await pool.end();
  }
}

await runDoctor('Usage: node src/doctor.ts [--url https://chat.example.org] [--ca FILE]', async () => {
  const { values } = parseArgs({ options: { url: { type: 'string' }, ca: { type: 'string' } } });
  if (values.url !== undefined && !URL.canParse(values.url)) throw new UsageError('--url is no URL.');
  return examine({ url: values.url, ca: values.ca === undefined ? undefined : readAuthority(values.ca) });
});

function readAuthority(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new UsageError(`--ca cannot be read: ${(error as Error).message}`);
  }
}
