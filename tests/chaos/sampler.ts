import { readFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import type { World } from './world.ts';

/** The maxima seen of everything that has a bound. */
export type Peaks = {
  /** By process; empty where the system does not report it. */
  rssMiB: Record<string, number>;
  /** By kind of stream: entries of the longest. */
  streams: Record<string, number>;
  postgresConnections: number;
  samples: number;
};

export type Sampler = {
  readonly peaks: Peaks;
  /** I11: nothing exceeds its bound. Returns violations as text. */
  violations(): string[];
  stop(): Promise<void>;
};

const EVERY_MS = 1_000;
/** A service uses 200 to 350 MiB under this load. An unbounded queue exceeds this within minutes of an outage. */
const RSS_BOUND_MIB = 512;
/**
 * By the end of the name, as in docs/architecture.md. Trimming is approximate (whole nodes of up to 100 entries), and writers that check
 * at the same time may each add one.
 */
const STREAM_BOUNDS: Readonly<Record<string, number>> = {
  in: 4_000,
  ack: 10_000,
  sync: 5_000,
  req: 5_000,
  out: 20_000,
  // of the background jobs
  events: 100,
};
const STREAM_SLACK = 200;
/** The pools of two delivery processes and of auth, and the monitoring connections. */
const POSTGRES_BOUND = 80;

/** KEYS: none. ARGV: prefix. Result: kind and length of each stream, alternating. */
const LENGTHS_SCRIPT = `
local lengths = {}
for _, key in ipairs(redis.call('KEYS', ARGV[1] .. ':*')) do
  if redis.call('TYPE', key)['ok'] == 'stream' then
    table.insert(lengths, string.match(key, '[^:]*$'))
    table.insert(lengths, redis.call('XLEN', key))
  end
end
return lengths`;

export function startSampler(world: World): Sampler {
  const peaks: Peaks = { rssMiB: {}, streams: {}, postgresConnections: 0, samples: 0 };
  const stopping = new AbortController();

  const raise = (peak: Record<string, number>, name: string, value: number): void => {
    peak[name] = Math.max(peak[name] ?? 0, value);
  };

  function sampleMemory(): void {
    for (const { name, pid, isRunning } of world.services) {
      const mib = isRunning ? residentMiB(pid) : undefined;
      if (mib !== undefined) raise(peaks.rssMiB, name, mib);
    }
  }

  async function sampleStreams(): Promise<void> {
    const { streamPrefix } = world.constellation;
    const lengths = (await world.ask('EVAL', LENGTHS_SCRIPT, 0, streamPrefix)) as (string | number)[];
    for (let index = 0; index < lengths.length; index += 2) {
      raise(peaks.streams, String(lengths[index]), Number(lengths[index + 1]));
    }
  }

  async function samplePostgres(): Promise<void> {
    const [row] = await world.rows<{ count: number }>(
      `SELECT count(*)::int FROM pg_stat_activity WHERE backend_type = 'client backend'`,
    );
    peaks.postgresConnections = Math.max(peaks.postgresConnections, row?.count ?? 0);
  }

  async function run(): Promise<void> {
    while (!stopping.signal.aborted) {
      sampleMemory();
      // a server that is away has no length: the run is about that fault, not the sample
      await Promise.allSettled([sampleStreams(), samplePostgres()]);
      peaks.samples += 1;
      await wait(EVERY_MS, undefined, { signal: stopping.signal }).catch(() => undefined);
    }
  }
  const running = run();

  return {
    peaks,
    violations() {
      const memory = Object.entries(peaks.rssMiB)
        .filter(([, mib]) => mib > RSS_BOUND_MIB)
        .map(([name, mib]) => `I11: ${name} took ${mib} MiB, more than ${RSS_BOUND_MIB}`);
      const streams = Object.entries(peaks.streams)
        .filter(([kind, length]) => length > (STREAM_BOUNDS[kind] ?? 0) + STREAM_SLACK)
        .map(
          ([kind, length]) =>
            `I11: a stream "${kind}" had ${length} entries, more than ${STREAM_BOUNDS[kind]}`,
        );
      const connections =
        peaks.postgresConnections > POSTGRES_BOUND
          ? [`I11: Postgres had ${peaks.postgresConnections} connections, more than ${POSTGRES_BOUND}`]
          : [];
      return [...memory, ...streams, ...connections];
    },
    async stop() {
      stopping.abort();
      await running;
    },
  };
}

/** Linux reports it without a program; elsewhere the bound is not checked, and the report has no figure. */
function residentMiB(pid: number): number | undefined {
  try {
    const kib = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    return kib === undefined ? undefined : Math.round(Number(kib) / 1024);
  } catch {
    return undefined;
  }
}
