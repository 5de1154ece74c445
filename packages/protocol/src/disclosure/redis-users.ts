import { type RedisGrant, type RedisService, redis, redisServices } from './redis.ts';

/** A user of Redis as a line of its ACL file has it, behind the word `user`; it has no password yet. */
export type RedisUserLine = { service: RedisService; name: string; rules: readonly string[] };

/**
 * What services do with keys, and no more: nothing that lists keys, looks at other users, or changes the server. All services have the same
 * commands; the keys are what differs.
 */
const COMMANDS = [
  ...['-@all', '+@string', '+@hash', '+@list', '+@set', '+@sortedset', '+@stream', '+@transaction'],
  ...['+del', '+unlink', '+exists', '+type', '+persist', '+expire', '+pexpire', '+pexpireat', '+pttl'],
  ...['+eval', '+evalsha', '+eval_ro', '+evalsha_ro', '+script|exists', '+script|load'],
  '-@dangerous',
  // of a connection: who it is, whether the server lives, and where keys are in a cluster
  ...['+auth', '+hello', '+ping', '+select', '+quit', '+client|setname', '+info', '+time'],
  // ioredis opens connections to replicas too, and says so there
  ...['+asking', '+readonly', '+cluster|info', '+cluster|slots'],
];

/** One user for each service of a deployment with this prefix. */
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

/** The kind of key as Redis matches it. */
export function globOf(text: string, service: RedisService): string {
  return text.replace('SERVICE', service).replace(/\bN\b|USER|PAIR|ADDRESS|ID/g, '*');
}
