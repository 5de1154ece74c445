// node src/queues.ts: what waits to be handled, and for how long. Options are delivery's: POSTGRES_URL, REDIS_URL, STREAM_PREFIX, STREAM_PARTITIONS.
import { lookAtQueues, tellQueues } from './queues/look.ts';
import { withStores } from './with-stores.ts';

const queues = await withStores('queues', async ({ pool, streams, redis }) =>
  lookAtQueues({ pool, streams, redis: await redis() }),
);
process.stdout.write(`${tellQueues(queues).join('\n')}\n`);
