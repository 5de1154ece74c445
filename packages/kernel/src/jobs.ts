import { Queue, Worker } from 'bullmq';
import type { Clock } from './clock.ts';
import { closeWorker } from './close-worker.ts';
import { createComplaints } from './complaints.ts';
import { withDeadline } from './errors.ts';
import type { Logger } from './logger.ts';
import type { Metrics } from './metrics.ts';
import { isRedisDown, openProducer } from './redis.ts';
import { openQueueConnection } from './redis-queue.ts';

/** Recurring background work. Must be idempotent, also when run twice concurrently. */
export type Job = {
  /** From the start of one run to the next, across all processes. */
  everyMs: number;
  /** A run that takes longer has failed. */
  deadlineMs: number;
  /** `signal` aborts when the run is no longer awaited: the deadline has passed, or the process stops. */
  run(signal: AbortSignal): Promise<void>;
};

export type JobRunner = {
  /** Does not wait for Redis. */
  start(): void;
  /** Leaves a run in progress to another process. Waits for neither a hung job nor a Redis that is down. */
  stop(): Promise<void>;
};

export type JobRunnerOptions = {
  redisUrl: string;
  /** Of its Redis keys. The runners of one service share the work under one prefix. */
  prefix: string;
  service: string;
  jobs: Readonly<Record<string, Job>>;
  clock: Clock;
  logger: Logger;
  metrics: Metrics;
};

const SECOND_MS = 1000;
const outcomes = ['done', 'failed', 'late', 'stopped'] as const;
type Outcome = (typeof outcomes)[number];

/** After these, its next scheduled time. Delays double: 5 s, 10 s. */
const RETRIES = { attempts: 3, backoff: { type: 'exponential', delay: 5 * SECOND_MS } };
/** Kept in Redis for inspection; bounded by count, since nothing else removes them. */
const KEPT = { removeOnComplete: { count: 10 }, removeOnFail: { count: 50 } };
const KEPT_EVENTS = 100;
/** Schedules lost with Redis are rewritten as soon as it is back; this is for a loss that went unnoticed. */
const SCHEDULE_EVERY_MS = 60 * SECOND_MS;
const SCHEDULE_DEADLINE_MS = 5 * SECOND_MS;
/** Another process takes over the run of a dead one after this. */
const LOCK_MS = 30 * SECOND_MS;
const STOP_WAIT_MS = 2 * SECOND_MS;

/**
 * Runs a service's jobs: each scheduled run happens in one of its processes. Redis holds only the schedule, so losing
 * it only delays: each run finds its work in Postgres.
 */
export function createJobRunner(options: JobRunnerOptions): JobRunner {
  const { redisUrl, service, jobs, clock, logger, metrics } = options;
  const names = Object.keys(jobs);
  // in braces, so that a cluster keeps all keys of the queue on one node
  const prefix = `${options.prefix}:{jobs-${service}}`;
  const runs = metrics.counter('job_runs_total', 'Runs of background jobs', {
    job: names,
    outcome: outcomes,
  });
  const duration = metrics.histogram('job_duration_seconds', 'Duration of the runs of background jobs', {
    job: names,
  });
  const lastSuccess = metrics.gauge(
    'job_last_success_seconds',
    'Unix time of the last run that this process finished, or of its start; over all processes, the newest counts',
    { job: names },
  );

  const stopping = new AbortController();
  const producer = openProducer(redisUrl, { name: `${service}-jobs-schedule`, logger });
  const connection = openQueueConnection(redisUrl, `${prefix}:${service}:meta`, {
    name: `${service}-jobs`,
    logger,
  });
  let worker: Worker | undefined;
  let timer: NodeJS.Timeout | undefined;
  let isScheduling = false;
  const warn = createComplaints({ what: 'job queue: trouble', clock, logger });

  /** Idempotent: rewriting an existing schedule changes nothing. */
  async function schedule(): Promise<void> {
    if (isScheduling || stopping.signal.aborted || !producer.isReady()) return;
    isScheduling = true;
    // A queue object that met a failing Redis may stay broken, so each round has a new one on the same connection.
    const queue = new Queue(service, {
      connection: producer.redis,
      prefix,
      skipVersionCheck: true,
      streams: { events: { maxLen: KEPT_EVENTS } },
    });
    queue.on('error', complain);
    try {
      for (const [name, { everyMs }] of Object.entries(jobs)) {
        const template = { name, opts: { ...RETRIES, ...KEPT } };
        const written = queue.upsertJobScheduler(name, { every: everyMs }, template);
        await withDeadline(written, SCHEDULE_DEADLINE_MS, 'writing a schedule');
      }
    } catch (error) {
      complain(error);
    } finally {
      isScheduling = false;
      await queue.close().catch(complain);
    }
  }

  const scheduleWhenReady = (): Promise<void> =>
    producer.whenReady(SCHEDULE_DEADLINE_MS).then(schedule, complain);

  async function run(name: string): Promise<void> {
    const job = jobs[name];
    // A newer release being rolled out may know more jobs: the retry finds a newer process.
    if (!job) throw new TypeError('this release has no such job');
    const startedMs = clock.monotonicMs();
    const outcome = await attempt(name, job);
    runs.inc(1, { job: name, outcome });
    duration.observe((clock.monotonicMs() - startedMs) / SECOND_MS, { job: name });
    if (outcome === 'done') return lastSuccess.set(clock.now() / SECOND_MS, { job: name });
    // that is all the queue needs to know; the cause is in the log
    throw new Error(outcome);
  }

  /** Ends with the work, at its deadline or when the process stops, whichever comes first. */
  async function attempt(name: string, job: Job): Promise<Outcome> {
    const given = new AbortController();
    const ended = Promise.withResolvers<Outcome>();
    const timer = setTimeout(() => ended.resolve('late'), job.deadlineMs);
    const interrupt = () => ended.resolve('stopped');
    stopping.signal.addEventListener('abort', interrupt);
    if (stopping.signal.aborted) interrupt();
    (async () => job.run(given.signal))().then(
      () => ended.resolve('done'),
      (err: unknown) => {
        if (!given.signal.aborted) logger.warn({ err, job: name }, 'job failed');
        ended.resolve('failed');
      },
    );
    const outcome = await ended.promise;
    clearTimeout(timer);
    stopping.signal.removeEventListener('abort', interrupt);
    given.abort();
    if (outcome === 'late') logger.warn({ job: name, deadlineMs: job.deadlineMs }, 'job took too long');
    return outcome;
  }

  /** Outages are reported by the connections themselves. */
  function complain(error: unknown): void {
    if (!isRedisDown(error) && !stopping.signal.aborted) warn(error);
  }

  return {
    start() {
      // or nothing would be late that fails from the first run on
      for (const job of names) lastSuccess.set(clock.now() / SECOND_MS, { job });
      worker = new Worker(service, (job) => run(job.name), {
        connection: connection.redis,
        prefix,
        // a slot for each job, so that long runs do not delay short ones
        concurrency: Math.max(1, names.length),
        lockDuration: LOCK_MS,
        stalledInterval: LOCK_MS,
        runRetryDelay: SECOND_MS,
        skipVersionCheck: true,
        ...KEPT,
      });
      worker.on('error', complain);
      producer.redis.on('ready', scheduleWhenReady);
      timer = setInterval(schedule, SCHEDULE_EVERY_MS);
      void schedule();
    },

    async stop() {
      clearInterval(timer);
      producer.redis.off('ready', scheduleWhenReady);
      stopping.abort();
      await closeWorker(worker, { producer, waitMs: STOP_WAIT_MS, what: 'job queue', logger });
      producer.close();
      connection.close();
    },
  };
}
