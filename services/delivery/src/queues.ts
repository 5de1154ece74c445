// node src/queues.ts: what is queued, and for how long. Takes delivery's options: POSTGRES_URL, REDIS_URL,
// STREAM_PREFIX, STREAM_PARTITIONS.
import { parseArgs } from 'node:util';
import { runCommand } from '@securechat/kernel';
import { lookAtQueues, tellQueues } from './queues/look.ts';
import { withStores } from './with-stores.ts';

await runCommand('Usage: node src/queues.ts', async () => {
  parseArgs({ options: {} });
  const queues = await withStores('queues', async ({ pool, streams, redis }) =>
    lookAtQueues({ pool, streams, redis: await redis() }),
  );
  return tellQueues(queues).join('\n');
});
