// node src/where.ts MESSAGE_ID: what became of a message, without its content. Options are delivery's: POSTGRES_URL, REDIS_URL,
// STREAM_PREFIX, STREAM_PARTITIONS. With the owner's POSTGRES_URL, dead letters are looked at as well.
import { ID_PATTERN } from '@securechat/protocol';
import { lookUp } from './trace/look-up.ts';
import { tell } from './trace/tell.ts';
import { withStores } from './with-stores.ts';

const [id = ''] = process.argv.slice(2);
if (!new RegExp(ID_PATTERN).test(id)) {
  process.stderr.write('Usage: node src/where.ts MESSAGE_ID\n');
  process.exit(2);
}
const traces = await withStores('where', async ({ pool, streams, redis }) =>
  lookUp(id, { pool, streams, redis: await redis() }),
);
process.stdout.write(`${tell(traces, new Date()).join('\n')}\n`);
