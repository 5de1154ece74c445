import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import type { Pool } from 'pg';
import { systemClock } from '../../../clock.ts';
import { createLogger } from '../../../logger.ts';
import { createMetrics, type Metrics } from '../../../metrics.ts';
import { openPool } from '../../../postgres.ts';
import type { RedisClient } from '../../../redis-cluster.ts';
import { until } from '../../../testing/until.ts';
import {
  createOrderedConsumer,
  type OrderedConsumer,
  type OrderedConsumerOptions,
} from '../ordered-consumer.ts';
import { type NumbersHandlerOptions, numbersHandler, numbersTables } from './numbers-handler.ts';

type Worker = {
  consumer: OrderedConsumer;
  /** What it published after its commits, and about records that it parked. */
  published: number[];
  parked: number[];
  /** What it has counted. */
  metrics: Metrics;
  /** What it repeated for an earlier owner. */
  announced: number[];
  committed: Map<string, string>;
};

type WorkerProcess = {
  child: ChildProcess;
  published(): number[];
  signal(signal: NodeJS.Signals): void;
  exited: Promise<unknown>;
};

type Cursor = {
  stream: string;
  owner: string | null;
  fence: number;
  last_id: string;
  last_batch: number[];
};

type WorkerOptions = Omit<NumbersHandlerOptions, 'schema' | 'worker'> &
  Partial<
    Pick<OrderedConsumerOptions<number>, 'settings' | 'redisUrl' | 'postgresUrl' | 'pool' | 'spreadAbove'>
  >;

/** A unique schema and streams, and workers on them. */
export type Numbers = {
  schema: string;
  streams: string[];
  redis: RedisClient;
  pool: Pool;
  /** Appends one entry to the stream at this index; resolves with its id. */
  add(stream: number, values: number[], id?: string): Promise<string>;
  addBytes(stream: number, bytes: string | Buffer): Promise<string>;
  startWorker(name: string, options?: WorkerOptions): Promise<Worker>;
  /** A worker in a process of its own, to be killed or stopped. */
  startProcess(name: string, env?: Record<string, string>): Promise<WorkerProcess>;
  /** Values by stream, in the order in which their transactions stored them. */
  handled(): Promise<number[][]>;
  cursors(): Promise<Cursor[]>;
  /** How many streams each worker owns. */
  owners(): Promise<Record<string, number>>;
  deadLetters(): Promise<{ stream: string; entry_id: string; reason: string; payload: string }[]>;
  close(): Promise<void>;
};

const WORKER_PROGRAM = join(import.meta.dirname, 'worker-process.ts');

export async function openNumbers(options: {
  redisUrl: string;
  postgresUrl: string;
  streams?: number;
  /** What it writes with; by default a connection that waits for Redis. */
  redis?: RedisClient;
}): Promise<Numbers> {
  const { redisUrl, postgresUrl } = options;
  const id = randomBytes(5).toString('hex');
  const schema = `numbers_${id}`;
  const streams = Array.from({ length: options.streams ?? 4 }, (_, index) => `test-${id}:{n.${index}}:in`);
  const redis = options.redis ?? new Redis(redisUrl, { maxRetriesPerRequest: null });
  redis.on('error', () => {});
  const pool = openPool(postgresUrl, { applicationName: 'numbers', max: 8 });
  await pool.query(numbersTables(schema));
  const consumers: OrderedConsumer[] = [];
  const children: WorkerProcess[] = [];

  const numbers: Numbers = {
    schema,
    streams,
    redis,
    pool,
    add: (stream, values, entryId = '*') => append(stream, JSON.stringify(values), entryId),
    addBytes: (stream, bytes) => append(stream, bytes, '*'),

    async startWorker(
      name,
      {
        settings,
        spreadAbove = 0,
        redisUrl: otherRedis,
        postgresUrl: otherUrl,
        pool: otherPool,
        ...hooks
      } = {},
    ) {
      const worker: Omit<Worker, 'consumer'> = {
        published: [],
        parked: [],
        metrics: createMetrics('numbers'),
        announced: [],
        committed: new Map(),
      };
      const consumer = createOrderedConsumer({
        redisUrl: otherRedis ?? redisUrl,
        postgresUrl: otherUrl ?? postgresUrl,
        pool: otherPool ?? pool,
        schema,
        streams,
        worker: name,
        lane: 'numbers',
        spreadAbove,
        ...(settings ? { settings } : {}),
        handler: numbersHandler({
          schema,
          worker: name,
          ...hooks,
          onPublish: (values) => {
            worker.published.push(...values);
            return hooks.onPublish?.(values);
          },
          onParked: (value) => worker.parked.push(value),
          onAnnounce: (touched) => worker.announced.push(...touched),
        }),
        onCommitted: (stream, lastId) => void worker.committed.set(stream, lastId),
        clock: systemClock,
        logger: createLogger({ service: 'numbers', instance: name, level: 'silent' }),
        metrics: worker.metrics,
      });
      consumers.push(consumer);
      await consumer.start();
      return { consumer, ...worker };
    },

    async startProcess(name, env = {}) {
      const place = {
        REDIS_URL: redisUrl,
        POSTGRES_URL: postgresUrl,
        SCHEMA: schema,
        STREAMS: streams.join(),
      };
      const child = spawn(process.execPath, [WORKER_PROGRAM], {
        env: { ...process.env, NODE_OPTIONS: '', ...place, WORKER: name, ...env },
        // exits with us, since the channel closes then
        stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
      });
      let output = '';
      child.stdout?.setEncoding('utf8').on('data', (part: string) => {
        output += part;
      });
      const started: WorkerProcess = {
        child,
        published: () => output.split('\n').flatMap((line) => line.split(' ').filter(Boolean).map(Number)),
        signal: (signal) => void child.kill(signal),
        exited: once(child, 'exit'),
      };
      children.push(started);
      await until(
        `worker process ${name} owns something`,
        async () => ((await numbers.owners())[name] ?? 0) > 0,
      );
      return started;
    },

    async handled() {
      const found = await pool.query<{ stream: string; value: number }>(
        `SELECT stream, value FROM ${schema}.handled ORDER BY place`,
      );
      return streams.map((stream) =>
        found.rows.filter((row) => row.stream === stream).map((row) => row.value),
      );
    },
    async cursors() {
      const found = await pool.query<Cursor>(
        `SELECT stream, owner, fence, last_id, last_batch FROM ${schema}.stream_cursors ORDER BY stream`,
      );
      return found.rows;
    },
    async owners() {
      const owners: Record<string, number> = {};
      for (const { owner } of await numbers.cursors()) {
        const [worker] = owner?.split('/') ?? [];
        if (worker !== undefined) owners[worker] = (owners[worker] ?? 0) + 1;
      }
      return owners;
    },
    async deadLetters() {
      const found = await pool.query(
        `SELECT stream, entry_id, reason, convert_from(payload, 'UTF8') AS payload
           FROM ${schema}.dead_letters ORDER BY id`,
      );
      return found.rows;
    },
    async close() {
      for (const { child } of children) child.kill('SIGKILL');
      await Promise.all(children.map(({ exited }) => exited));
      await Promise.all(consumers.map((consumer) => consumer.stop()));
      if (redis.status === 'ready') await Promise.all(streams.map((stream) => redis.unlink(stream)));
      if (!options.redis) redis.disconnect();
      await pool.end();
    },
  };

  async function append(stream: number, bytes: string | Buffer, entryId: string): Promise<string> {
    return (await redis.xadd(streams[stream] ?? '', entryId, 'e', bytes)) ?? '';
  }
  return numbers;
}

/** first, first + 1, …, last. */
export function range(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, index) => first + index);
}
