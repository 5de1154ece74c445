// A worker of the numbers service in a process of its own, so that a test can kill or stop it.
import { systemClock } from '../../../clock.ts';
import { createLogger } from '../../../logger.ts';
import { createMetrics } from '../../../metrics.ts';
import { openPool } from '../../../postgres.ts';
import { createOrderedConsumer } from '../ordered-consumer.ts';
import { numbersHandler } from './numbers-handler.ts';

const {
  REDIS_URL = '',
  POSTGRES_URL = '',
  SCHEMA = '',
  STREAMS = '',
  WORKER = '',
  HANG_BEFORE_PUBLISH,
} = process.env;
process.on('disconnect', () => process.exit());
const pool = openPool(POSTGRES_URL, { applicationName: WORKER, max: 2 });

await createOrderedConsumer({
  redisUrl: REDIS_URL,
  postgresUrl: POSTGRES_URL,
  pool,
  schema: SCHEMA,
  streams: STREAMS.split(','),
  worker: WORKER,
  lane: 'numbers',
  spreadAbove: 0,
  handler: numbersHandler({
    schema: SCHEMA,
    worker: WORKER,
    onPublish(values) {
      // it has committed and will never tell anyone
      if (HANG_BEFORE_PUBLISH) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
      process.stdout.write(`${values.join(' ')}\n`);
    },
  }),
  onCommitted: () => {},
  clock: systemClock,
  logger: createLogger({ service: 'numbers', instance: WORKER, level: 'silent' }),
  metrics: createMetrics('numbers'),
}).start();
