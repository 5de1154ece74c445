import { createHash } from 'node:crypto';
import { isError } from './errors.ts';
import type { RedisClient } from './redis-cluster.ts';

export type ScriptArg = string | Buffer | number;

export type Script<Reply> = {
  readonly name: string;
  readonly sha: string;
  /** Strings in the reply are decoded as UTF-8. Rejects with a TypeError for a wrong number of keys. */
  run(redis: RedisClient, keys: readonly string[], args: readonly ScriptArg[]): Promise<Reply>;
  /** Strings in the reply are Buffers. */
  runBuffer(redis: RedisClient, keys: readonly string[], args: readonly ScriptArg[]): Promise<unknown>;
};

/**
 * A Lua script that Redis runs atomically. Called by its hash; sent in full when the server does not know it (the
 * first time, and after Redis came back empty), and then concurrent calls may be reordered. One that `reads` may do
 * nothing else, and may be called by users who may only read its keys.
 */
export function loadScript<Reply = unknown>(
  name: string,
  lua: string,
  numberOfKeys: number,
  does: 'reads' | 'writes' = 'writes',
): Script<Reply> {
  const ending = does === 'reads' ? '_RO' : '';
  // SHA-1 is how Redis names scripts
  const sha = createHash('sha1').update(lua).digest('hex');

  async function call(
    redis: RedisClient,
    keys: readonly string[],
    args: readonly ScriptArg[],
    method: 'call' | 'callBuffer',
  ): Promise<unknown> {
    if (keys.length !== numberOfKeys) {
      throw new TypeError(`The script ${name} takes ${numberOfKeys} keys and was given ${keys.length}`);
    }
    const rest = [numberOfKeys, ...keys, ...args];
    try {
      return await redis[method](`EVALSHA${ending}`, [sha, ...rest]);
    } catch (error) {
      if (!isUnknownScript(error)) throw error;
      return await redis[method](`EVAL${ending}`, [lua, ...rest]);
    }
  }

  return {
    name,
    sha,
    run: (redis, keys, args) => call(redis, keys, args, 'call') as Promise<Reply>,
    runBuffer: (redis, keys, args) => call(redis, keys, args, 'callBuffer'),
  };
}

function isUnknownScript(error: unknown): boolean {
  return isError(error) && error.name === 'ReplyError' && error.message.startsWith('NOSCRIPT');
}
