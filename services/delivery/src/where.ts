// node src/where.ts MESSAGE_ID: what became of a message, without its content. Takes delivery's options:
// POSTGRES_URL, REDIS_URL, STREAM_PREFIX, STREAM_PARTITIONS. With the owner's POSTGRES_URL it also searches the dead
// letters.
import { parseArgs } from 'node:util';
import { oneWord, runCommand, UsageError } from '@securechat/kernel';
import { ID_PATTERN } from '@securechat/protocol';
import { lookUp } from './trace/look-up.ts';
import { tell } from './trace/tell.ts';
import { withStores } from './with-stores.ts';

await runCommand('Usage: node src/where.ts MESSAGE_ID', async () => {
  const id = oneWord('MESSAGE_ID', parseArgs({ allowPositionals: true }).positionals);
  if (!new RegExp(ID_PATTERN).test(id)) throw new UsageError('That is no MESSAGE_ID.');
  const traces = await withStores('where', async ({ pool, streams, redis }) =>
    lookUp(id, { pool, streams, redis: await redis() }),
  );
  return tell(traces, new Date()).join('\n');
});
