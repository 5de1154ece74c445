import { openBlockingReader } from '../blocking-reader.ts';
import { createLoop } from '../loop.ts';

/** Reads the stream `key` from its start, whatever happens to its server. `seen` grows: each value once. */
export function watchStream(url: string, key: string): { seen: readonly string[]; stop(): Promise<void> } {
  const reader = openBlockingReader(url);
  const seen: string[] = [];
  let lastId = '0-0';
  const loop = createLoop({
    async step() {
      const reply = await reader.run((redis) => redis.xread('BLOCK', 250, 'STREAMS', key, lastId));
      for (const [id, [, value = '']] of reply?.[0]?.[1] ?? []) {
        lastId = id;
        // an entry whose answer came late is written again
        if (seen.at(-1) !== value) seen.push(value);
      }
    },
    onFailure() {
      // its server is gone on purpose
    },
  });
  loop.start();
  return {
    seen,
    async stop() {
      await loop.stop();
      reader.close();
    },
  };
}
