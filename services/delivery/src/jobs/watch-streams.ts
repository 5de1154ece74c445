import type { GaugeMetric, Logger, RedisClient } from '@securechat/kernel';
import type { StreamNames } from '@securechat/protocol/internal';

/** Between two scrapes of Prometheus, which are usually 15 s apart. */
const EVERY_MS = 5_000;

export const streamKinds = ['ordered', 'acks', 'sync'] as const;

/** Tells how long the streams are that delivery reads: of each kind the longest, since one full stream is enough. */
export function startStreamWatch(parts: {
  redis: RedisClient;
  streams: StreamNames;
  gauge: GaugeMetric<{ kind: typeof streamKinds }>;
  logger: Logger;
}): { stop(): void } {
  const { redis, streams, gauge, logger } = parts;

  async function look(): Promise<void> {
    for (const kind of streamKinds) {
      const lengths = await Promise.all(streams[kind].map((stream) => redis.xlen(stream)));
      gauge.set(Math.max(...lengths), { kind });
    }
  }

  const timer = setInterval(() => {
    look().catch((err: unknown) => logger.debug({ err }, 'stream lengths not known now'));
  }, EVERY_MS);
  return { stop: () => clearInterval(timer) };
}
