// Tries a Redis that is down, closes, and reports how long the process then took to exit; started by
// redis-sentinel.it.test.ts.
import { once } from 'node:events';
import { openProducer } from '../redis.ts';

const { redis, close } = openProducer(process.env.REDIS_URL ?? '');
await once(redis, 'error');
const closedMs = performance.now();
process.on('exit', () => process.stdout.write(String(Math.round(performance.now() - closedMs))));
close();
