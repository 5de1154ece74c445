// node src/where.ts MESSAGE_ID: what became of a message, without its content. Options are delivery's: POSTGRES_URL, REDIS_URL,
// STREAM_PREFIX, STREAM_PARTITIONS. With the owner's POSTGRES_URL, dead letters are looked at as well.
import { openPool, openProducer, readConfig } from '@securechat/kernel';
import { ID_PATTERN } from '@securechat/protocol';
import { streamNames } from '@securechat/protocol/internal';
import { options } from './config.ts';
import { lookUp } from './trace/look-up.ts';
import { tell } from './trace/tell.ts';

/** An id is looked for in the index of each day. */
const STATEMENT_MS = 60_000;
const REDIS_MS = 5_000;

const [id = ''] = process.argv.slice(2);
if (!new RegExp(ID_PATTERN).test(id)) {
  process.stderr.write('Usage: node src/where.ts MESSAGE_ID\n');
  process.exit(2);
}
const { config, secrets } = readConfig({
  postgresUrl: options.postgresUrl,
  redisUrl: options.redisUrl,
  streamPrefix: options.streamPrefix,
  streamPartitions: options.streamPartitions,
});
const pool = openPool(secrets.postgresUrl, {
  applicationName: 'where',
  max: 1,
  statementTimeoutMs: STATEMENT_MS,
});
const producer = openProducer(secrets.redisUrl, { name: 'where' });
try {
  await producer.whenReady(REDIS_MS);
  const streams = streamNames({ prefix: config.streamPrefix, partitions: config.streamPartitions });
  const traces = await lookUp(id, { pool, redis: producer.redis, streams });
  process.stdout.write(`${tell(traces, new Date()).join('\n')}\n`);
} finally {
  producer.close();
  await pool.end();
}
