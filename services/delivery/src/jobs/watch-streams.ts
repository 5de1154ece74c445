import { type GaugeMetric, type Logger, type RedisClient, repeatEvery } from '@securechat/kernel';
import type { StreamNames } from '@securechat/protocol/internal';

/** Well below Prometheus' usual scrape interval of 15 s. */
const EVERY_MS = 5_000;

export const streamKinds = ['ordered', 'acks', 'sync'] as const;

/**
 * Reports the length of the streams that delivery reads: the longest of each kind, since one full stream is enough to
 * matter.
 */
export function startStreamWatch(parts: {
  redis: RedisClient;
  streams: StreamNames;
  gauge: GaugeMetric<{ kind: typeof streamKinds }>;
  logger: Logger;
}): { stop(): Promise<void> } {
  const { redis, streams, gauge, logger } = parts;

  async function look(): Promise<void> {
    for (const kind of streamKinds) {
      const lengths = await Promise.all(streams[kind].map((stream) => redis.xlen(stream)));
      gauge.set(Math.max(...lengths), { kind });
    }
  }

  return repeatEvery(EVERY_MS, look, (err) => logger.debug({ err }, 'stream lengths not readable now'));
}
