import { type RedisGrant, type RedisService, redis, redisServices } from './redis.ts';

/** A Redis user as a line of its ACL file, after the word `user`; it has no password yet. */
export type RedisUserLine = { service: RedisService; name: string; rules: readonly string[] };

/**
 * Only the commands that services use on keys: none that lists keys, sees other users, or changes the server. All
 * services have the same commands; they differ in their keys.
 */
const COMMANDS = [
  ...['-@all', '+@string', '+@hash', '+@list', '+@set', '+@sortedset', '+@stream', '+@transaction'],
  ...['+del', '+unlink', '+exists', '+type', '+persist', '+expire', '+pexpire', '+pexpireat', '+pttl'],
  ...['+eval', '+evalsha', '+eval_ro', '+evalsha_ro', '+script|exists', '+script|load'],
  '-@dangerous',
  // for the connection: authentication, server status, and the keys' location in a cluster
  ...['+auth', '+hello', '+ping', '+select', '+quit', '+client|setname', '+info', '+time'],
  // ioredis also connects to replicas, and says so there
  ...['+asking', '+readonly', '+cluster|info', '+cluster|slots'],
];

/** One user per service of a deployment with this prefix. */
export function redisUsers(prefix: string): RedisUserLine[] {
  return redisServices.map((service) => ({
    service,
    name: `${prefix}-${service}`,
    rules: ['resetkeys', 'resetchannels', ...patternsOf(service, prefix), ...COMMANDS],
  }));
}

function patternsOf(service: RedisService, prefix: string): string[] {
  return [...redis].flatMap(([text, { users }]) => {
    const grant = users[service];
    return grant ? [`${flags[grant]}${prefix}:${globOf(text, service)}`] : [];
  });
}

const flags: Record<RedisGrant, string> = { R: '%R~', W: '%W~', RW: '~' };

/** The key pattern in Redis' glob syntax. */
export function globOf(text: string, service: RedisService): string {
  return text.replace('SERVICE', service).replace(/\bN\b|USER|PAIR|ADDRESS|ID/g, '*');
}
