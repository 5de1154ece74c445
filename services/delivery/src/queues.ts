// node src/queues.ts: what waits to be handled, and for how long. Options are delivery's: POSTGRES_URL, REDIS_URL, STREAM_PREFIX, STREAM_PARTITIONS.
import { openPool, openProducer, readConfig } from '@securechat/kernel';
import { streamNames } from '@securechat/protocol/internal';
import { options } from './config.ts';
import { lookAtQueues, tellQueues } from './queues/look.ts';

/** Mailboxes are counted, which takes a while where much waits. */
const STATEMENT_MS = 60_000;
const REDIS_MS = 5_000;

const { config, secrets } = readConfig({
  postgresUrl: options.postgresUrl,
  redisUrl: options.redisUrl,
  streamPrefix: options.streamPrefix,
  streamPartitions: options.streamPartitions,
});
const pool = openPool(secrets.postgresUrl, {
  applicationName: 'queues',
  max: 1,
  statementTimeoutMs: STATEMENT_MS,
});
const producer = openProducer(secrets.redisUrl, { name: 'queues' });
try {
  await producer.whenReady(REDIS_MS);
  const streams = streamNames({ prefix: config.streamPrefix, partitions: config.streamPartitions });
  const queues = await lookAtQueues({ pool, redis: producer.redis, streams });
  process.stdout.write(`${tellQueues(queues).join('\n')}\n`);
} finally {
  producer.close();
  await pool.end();
}
