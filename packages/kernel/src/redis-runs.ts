import { readFileSync } from 'node:fs';
import { Cluster } from 'ioredis';
import type { RedisClient } from './redis-cluster.ts';
import { loadScript } from './script.ts';

const runIdScript = loadScript<string>(
  'run-id',
  readFileSync(new URL('./run-id.lua', import.meta.url), 'utf8'),
  1,
  'reads',
);

/**
 * Identifies the runs of the servers that hold these keys. A change means that a Redis was killed, or a replica took
 * over, and may lack writes not yet replicated; or, in a cluster, that a key has moved.
 */
export async function runsOf(redis: RedisClient, keys: readonly string[]): Promise<string> {
  const asked = redis instanceof Cluster ? keys : keys.slice(0, 1);
  return (await Promise.all(asked.map((key) => runIdScript.run(redis, [key], [])))).join();
}
