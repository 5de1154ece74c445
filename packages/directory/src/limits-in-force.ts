import type { Logger, RedisClient } from '@securechat/kernel';
import { directoryKeys } from './keys.ts';

export type LimitInForce = {
  most: number;
  unit: 'count' | 'bytes';
  /** What it is counted for. `pair`: one user against another; `process`: each process separately. */
  per: 'user' | 'device' | 'pair' | 'address' | 'process' | 'deployment';
  /** 0: at any instant. */
  windowMs: number;
  /** The option that sets it. */
  option: string;
};
export type LimitsInForce = Readonly<Record<string, LimitInForce>>;

/** Services with limits that auth does not know itself. */
export const announcers = ['gateway', 'delivery', 'files'] as const;
export type Announcer = (typeof announcers)[number];

const ANNOUNCE_EVERY_MS = 60_000;
/** Retry interval while Redis is down, as at startup. */
const AGAIN_MS = 1_000;
/** Limits of a service disappear soon after its last process has ended. */
const KEPT_MS = 3 * ANNOUNCE_EVERY_MS;

/**
 * Publishes this process's limits, so that whoever is asked about limits knows what is enforced, not just their own
 * environment. If the processes of one service differ, the last to publish wins.
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

/** Undefined for a service without a running process. */
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
