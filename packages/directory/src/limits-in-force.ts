import type { Logger, RedisClient } from '@securechat/kernel';
import { directoryKeys } from './keys.ts';

export type LimitInForce = {
  most: number;
  unit: 'count' | 'bytes';
  /** For whom it counts. `pair`: of one user against another; `process`: each process for itself. */
  per: 'user' | 'device' | 'pair' | 'address' | 'process' | 'deployment';
  /** 0: at any instant. */
  windowMs: number;
  /** The option that sets it. */
  option: string;
};
export type LimitsInForce = Readonly<Record<string, LimitInForce>>;

/** Those that have limits which auth does not know by itself. */
export const announcers = ['gateway', 'delivery', 'files'] as const;
export type Announcer = (typeof announcers)[number];

const ANNOUNCE_EVERY_MS = 60_000;
/** While Redis is away, as at a start. */
const AGAIN_MS = 1_000;
/** A service whose last process has ended is silent soon. */
const KEPT_MS = 3 * ANNOUNCE_EVERY_MS;

/**
 * Says what this process goes by, so that whoever is asked about limits knows what is in force and not what its own environment
 * says. While processes of one service differ, the last one that spoke is heard.
 */
export function announceLimits(parts: {
  redis: RedisClient;
  prefix: string;
  service: Announcer;
  limits: LimitsInForce;
  logger: Logger;
}): { stop(): void } {
  const { redis, prefix, service, limits, logger } = parts;
  const key = directoryKeys(prefix, 1).limits(service);
  let timer: NodeJS.Timeout | undefined;
  let isStopped = false;

  async function announce(): Promise<void> {
    let nextInMs = ANNOUNCE_EVERY_MS;
    try {
      await redis.set(key, JSON.stringify(limits), 'PX', KEPT_MS);
    } catch (err) {
      logger.debug({ err }, 'limits not announced; they will be');
      nextInMs = AGAIN_MS;
    }
    if (!isStopped) timer = setTimeout(announce, nextInMs);
  }

  void announce();
  return {
    stop() {
      isStopped = true;
      clearTimeout(timer);
    },
  };
}

/** Undefined for a service of which no process runs. */
export async function readLimits(
  redis: RedisClient,
  prefix: string,
): Promise<Record<Announcer, LimitsInForce | undefined>> {
  const keys = directoryKeys(prefix, 1);
  const found = await redis.mget(announcers.map((service) => keys.limits(service)));
  const parse = (index: number): LimitsInForce | undefined => {
    const json = found[index];
    return typeof json === 'string' ? (JSON.parse(json) as LimitsInForce) : undefined;
  };
  return { gateway: parse(0), delivery: parse(1), files: parse(2) };
}
