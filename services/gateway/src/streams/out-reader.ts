import {
  BLOCK_MS,
  createComplaints,
  createLoop,
  type Logger,
  openBlockingReader,
  systemClock,
} from '@securechat/kernel';

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
  const reader = openBlockingReader(parts.redisUrl, { name: 'out' });
  const loop = createLoop({
    step,
    onFailure: createComplaints({
      what: 'out stream not readable; trying again',
      clock: systemClock,
      logger: parts.logger,
    }),
  });
  let lastId = '0-0';
  let count = 0;
  let generation = 0;

  async function step(): Promise<void> {
    const mine = generation;
    const reply = (await reader.run((redis) =>
      redis.callBuffer('XREAD', ['COUNT', COUNT, 'BLOCK', BLOCK_MS, 'STREAMS', parts.stream, lastId]),
    )) as [Buffer, [Buffer, Buffer[]][]][] | null;
    for (const [id, fields] of reply?.[0]?.[1] ?? []) {
      if (mine !== generation) return;
      lastId = id.toString('latin1');
      count++;
      if (fields[1]) parts.onEntry(fields[1]);
    }
  }

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
    async stop() {
      const stopped = loop.stop();
      reader.close();
      await stopped;
    },
  };
}
