// node src/dead-letters.ts list | show ID | replay ID | drop ID: records that could not succeed. POSTGRES_URL is that of the owner of
// the tables: no service may read them. Shows no content and names no person.
import { openPool, openProducer, readConfig } from '@securechat/kernel';
import { streamNames } from '@securechat/protocol/internal';
import { options } from './config.ts';
import { dropLetter, findLetter, listLetters, NoSuchLetter, replayLetter } from './dead-letters/letters.ts';
import { tellLetter, tellLetters } from './dead-letters/tell.ts';

const STATEMENT_MS = 60_000;
const CONNECT_MS = 30_000;
const REDIS_MS = 5_000;
const USAGE = `Usage: node src/dead-letters.ts list
       node src/dead-letters.ts show ID
       node src/dead-letters.ts replay ID   # back into its stream, from where it came
       node src/dead-letters.ts drop ID
`;

const [word = '', id = ''] = process.argv.slice(2);
const isSound = word === 'list' || (['show', 'replay', 'drop'].includes(word) && /^\d{1,18}$/.test(id));
if (!isSound) {
  process.stderr.write(USAGE);
  process.exit(2);
}
const { config, secrets } = readConfig({
  postgresUrl: options.postgresUrl,
  redisUrl: options.redisUrl,
  streamPrefix: options.streamPrefix,
  streamPartitions: options.streamPartitions,
});
const pool = openPool(secrets.postgresUrl, {
  applicationName: 'dead-letters',
  max: 1,
  statementTimeoutMs: STATEMENT_MS,
  connectTimeoutMs: CONNECT_MS,
});

async function replay(): Promise<string> {
  const producer = openProducer(secrets.redisUrl, { name: 'dead-letters' });
  try {
    await producer.whenReady(REDIS_MS);
    const { ordered, acks } = streamNames({
      prefix: config.streamPrefix,
      partitions: config.streamPartitions,
    });
    const stream = await replayLetter(pool, producer.redis, id, [...ordered, ...acks]);
    return `${id} is in ${stream} again: look with \`list\` whether it comes back`;
  } finally {
    producer.close();
  }
}

async function act(): Promise<string> {
  if (word === 'list') return tellLetters(await listLetters(pool));
  if (word === 'show') return tellLetter(await findLetter(pool, id));
  if (word === 'replay') return replay();
  await dropLetter(pool, id);
  return `${id} is gone`;
}

try {
  process.stdout.write(`${await act()}\n`);
} catch (error) {
  if (!(error instanceof NoSuchLetter)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
} finally {
  await pool.end();
}
