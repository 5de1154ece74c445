import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type RedisService, redisUsers } from '@securechat/protocol/disclosure';
import { onEachServer, ROOT, say } from '@securechat/testkit';

/** No secret: it only has to be there, because without one ioredis names no user. */
const PASSWORD = 'test';

/** Name and rules of each service's user, as a deployment with this prefix has them. */
export const redisUserLines = (prefix: string): string[] =>
  redisUsers(prefix).map(({ name, rules }) => [name, 'on', `>${PASSWORD}`, ...rules].join(' '));

/** The same server or cluster, as the user of a service. */
export const redisUrlAs = (url: string, prefix: string, service: RedisService): string =>
  url.replace(/:\/\/([^@/]*@)?/, `://${prefix}-${service}:${PASSWORD}@`);

/** A release from before there were users goes on as it is, and so does what replaces it in the same test. */
export const knowsRedisUsers = (root = ROOT): boolean => existsSync(join(root, 'infra/redis/users.acl'));

type Shared = { url: string; prefix: string };

/** Makes the users at a Redis that others use as well. False where it does not let us. */
export async function addRedisUsers({ url, prefix }: Shared): Promise<boolean> {
  try {
    await onEachServer(url, async (redis) => {
      for (const line of redisUserLines(prefix)) await redis.call('ACL', ['SETUSER', ...line.split(' ')]);
    });
    return true;
  } catch (error) {
    if (!String(error).includes('NOPERM')) throw error;
    say('Redis does not let us make users: the services run as ours');
    return false;
  }
}

/** Takes them away again. Throws when one of them was refused something, even if nothing came of it. */
export async function removeRedisUsers({ url, prefix }: Shared): Promise<void> {
  const names = redisUsers(prefix).map(({ name }) => name);
  const refused: Record<string, string>[] = [];
  await onEachServer(url, async (redis) => {
    const log = (await redis.call('ACL', ['LOG', '128'])) as unknown[][];
    await redis.call('ACL', ['DELUSER', ...names]);
    refused.push(...log.map(fieldsOf).filter(({ username = '' }) => names.includes(username)));
  });
  if (refused.length > 0) throw new Error(`Redis refused services something: ${JSON.stringify(refused)}`);
}

function fieldsOf(flat: readonly unknown[]): Record<string, string> {
  const fields: Record<string, string> = {};
  for (let at = 0; at < flat.length; at += 2) fields[String(flat[at])] = String(flat[at + 1]);
  return fields;
}
