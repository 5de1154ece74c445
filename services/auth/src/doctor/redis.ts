import { type Clock, type Finding, judgeClock, type RedisClient, redisTimeMs } from '@securechat/kernel';
import { Cluster, type Redis } from 'ioredis';

const LEAST_VERSION = 7;
/** Above this, a burst may find no room. */
const FULL = 0.8;

export async function lookAtRedis(redis: RedisClient, clock: Clock): Promise<Finding[]> {
  const nodes = redis instanceof Cluster ? redis.nodes('master') : [redis];
  return (await Promise.all(nodes.map((node) => lookAtNode(node, clock)))).flat();
}

async function lookAtNode(redis: Redis, clock: Clock): Promise<Finding[]> {
  const askedMs = clock.now();
  const time = await redis.time();
  const middleMs = (askedMs + clock.now()) / 2;
  return [...judgeRedis(parseInfo(await redis.info())), judgeClock('Redis', redisTimeMs(time) - middleMs)];
}

/** By the field names of `INFO`. */
export function judgeRedis(info: Readonly<Record<string, string>>): Finding[] {
  const policy = info.maxmemory_policy ?? 'unknown';
  const version = info.valkey_version ?? info.redis_version ?? 'unknown';
  const [used, most] = [Number(info.used_memory), Number(info.maxmemory)];
  const share = most > 0 ? used / most : 0;
  const isWriting = info.rdb_last_bgsave_status !== 'err' && info.aof_last_write_status !== 'err';
  const isKept = info.aof_enabled === '1' || Number(info.rdb_saves ?? 0) > 0;
  const finding = (says: string, isSound: boolean, remedy: string): Finding => ({
    about: 'Redis',
    says,
    ...(!isSound && { remedy }),
  });
  return [
    finding(
      `version ${version}`,
      Number.parseInt(version, 10) >= LEAST_VERSION,
      'Move to Redis 7.0 or later, or Valkey.',
    ),
    finding(
      `maxmemory-policy ${policy}`,
      policy === 'noeviction',
      'CONFIG SET maxmemory-policy noeviction, and in its file: any other policy drops messages and routes unseen.',
    ),
    finding(
      `${Math.round(share * 100)} % of maxmemory is used`,
      share <= FULL,
      'Give it more memory: when it is full, senders are refused.',
    ),
    finding(
      isWriting
        ? isKept
          ? 'writes to its disk'
          : 'keeps nothing on a disk, and need not'
        : 'cannot write to its disk',
      isWriting,
      'Give its disk room, or switch persistence off: until then it refuses all writes.',
    ),
  ];
}

export function parseInfo(text: string): Record<string, string> {
  const lines = text.split('\r\n').map((line) => line.split(':'));
  return Object.fromEntries(
    lines.flatMap(([name = '', ...value]) => (value.length > 0 ? [[name, value.join(':')]] : [])),
  );
}
