import { BLOCK_MS, createReadLoop, type Logger } from '@securechat/kernel';

/** Entries per read; they are packed, so this is many frames. */
const COUNT = 200;

export type OutReader = {
  start(): void;
  /** Id of the last entry handled, and how many there were: compared with Redis' count. */
  position(): { lastId: string; count: number };
  /** Reads from the start again, after the stream was recreated. */
  restart(): void;
  /** Continues counting from this number, after lost entries were dealt with. */
  setCount(entries: number): void;
  stop(): Promise<void>;
};

/** Reads this gateway's own stream with its own cursor. Nobody else reads it, so nothing is acknowledged. */
export function createOutReader(parts: {
  redisUrl: string;
  stream: string;
  onEntry(entry: Buffer): void;
  logger: Logger;
}): OutReader {
  const { redisUrl, stream, onEntry, logger } = parts;
  let lastId = '0-0';
  let count = 0;
  let generation = 0;
  const loop = createReadLoop({
    redisUrl,
    name: 'out',
    what: 'out stream',
    async step(run) {
      const mine = generation;
      const reply = (await run((redis) =>
        redis.callBuffer('XREAD', ['COUNT', COUNT, 'BLOCK', BLOCK_MS, 'STREAMS', stream, lastId]),
      )) as [Buffer, [Buffer, Buffer[]][]][] | null;
      for (const [id, fields] of reply?.[0]?.[1] ?? []) {
        if (mine !== generation) return;
        lastId = id.toString('latin1');
        count++;
        if (fields[1]) onEntry(fields[1]);
      }
    },
    logger,
  });

  return {
    start: loop.start,
    position: () => ({ lastId, count }),
    restart() {
      generation++;
      lastId = '0-0';
      count = 0;
    },
    setCount(entries) {
      count = entries;
    },
    stop: loop.stop,
  };
}
