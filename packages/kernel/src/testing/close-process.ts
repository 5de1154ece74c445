// Meets a Redis that is not there, closes, and says how long the process then took to end; started by redis-sentinel.it.test.ts.
import { once } from 'node:events';
import { openProducer } from '../redis.ts';

const { redis, close } = openProducer(process.env.REDIS_URL ?? '');
await once(redis, 'error');
const closedMs = performance.now();
process.on('exit', () => process.stdout.write(String(Math.round(performance.now() - closedMs))));
close();
