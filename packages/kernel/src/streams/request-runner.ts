import type { Clock } from '../clock.ts';
import { DeadlineError, PoisonError, RetryableError } from '../errors.ts';
import type { Logger } from '../logger.ts';
import { latencyBuckets, type Metrics } from '../metrics.ts';
import { decodeRequest, type StreamRequest } from './request.ts';
import type { StreamEntry } from './stream-entries.ts';

export type RequestHandling = {
  /**
   * Resolves with the bytes of the reply, or undefined for none. Must be idempotent. `signal` aborts at the deadline
   * and at `stop`. An error is logged and not answered: turn what the peer should know into bytes.
   */
  handle: (request: StreamRequest, signal: AbortSignal) => Promise<Buffer | undefined>;
  /** Sends the bytes to the gateway. */
  reply: (gatewayId: string, correlationId: string, bytes: Buffer) => Promise<void>;
};

/** An entry with its age when read, by Redis' clock, and the moment of the read by our monotonic clock. */
export type ReadEntry = StreamEntry & { ageMs: number; readAtMs: number };

export type RequestRunner = {
  freePlaces(): number;
  /** Resolves when there is a free slot. */
  untilFree(): Promise<void>;
  /** Resolves when the entry has a slot, not when it is done. */
  take(entry: ReadEntry): Promise<void>;
  untilIdle(): Promise<void>;
  /** Aborts all running requests, and later ones. */
  abort(): void;
};

type RunnerOptions = RequestHandling & {
  concurrency: number;
  clock: Clock;
  logger: Logger;
  metrics: Metrics;
};

/** However distant a deadline claims to be (another machine's clock): a handler gets no more than this. */
const LONGEST_MS = 10_000;

const OUTCOMES = [
  'replied',
  'no_reply',
  'expired',
  'late',
  'failed',
  'malformed',
  'unsent',
  'aborted',
] as const;
type Outcome = (typeof OUTCOMES)[number];

/** Runs at most `concurrency` requests at once, each until its deadline. */
export function createRequestRunner(options: RunnerOptions): RequestRunner {
  const { handle, reply, concurrency, clock, logger, metrics } = options;
  const running = new Set<Promise<void>>();
  const controllers = new Set<AbortController>();
  let isAborted = false;
  const requests = metrics.counter('requests_total', 'Requests read from streams, by outcome', {
    outcome: OUTCOMES,
  });
  const duration = metrics.histogram(
    'request_duration_seconds',
    'Time that a handler took for a request',
    {},
    latencyBuckets,
  );

  async function untilFree(): Promise<void> {
    while (running.size >= concurrency) await Promise.race(running);
  }

  /** A gateway of the previous release sends only a deadline by its own wall clock. */
  function leftOf({ withinMs, deadlineMs }: StreamRequest, { ageMs, readAtMs }: ReadEntry): number {
    if (withinMs === undefined) return deadlineMs - clock.now();
    return withinMs - ageMs - (clock.monotonicMs() - readAtMs);
  }

  async function answer(entry: ReadEntry): Promise<Outcome> {
    const request = decodeRequest(entry);
    const leftMs = Math.min(leftOf(request, entry), LONGEST_MS);
    if (leftMs <= 0) return 'expired';
    const bytes = await within(leftMs, (signal) => handle(request, signal));
    if (bytes === undefined) return 'no_reply';
    try {
      await reply(request.gatewayId, request.correlationId, bytes);
    } catch (err) {
      logger.warn({ err, gatewayId: request.gatewayId }, 'reply not sent');
      return 'unsent';
    }
    return 'replied';
  }

  /** Frees the slot at the deadline even if the handler ignores its signal. */
  async function within<T>(ms: number, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const controller = new AbortController();
    const { signal } = controller;
    const { promise: aborted, reject } = Promise.withResolvers<never>();
    signal.addEventListener('abort', () => reject(signal.reason));
    const timer = setTimeout(
      () => controller.abort(new DeadlineError('The deadline of the request passed')),
      ms,
    );
    controllers.add(controller);
    const startedMs = clock.monotonicMs();
    try {
      return await Promise.race([work(signal), aborted]);
    } finally {
      duration.observe((clock.monotonicMs() - startedMs) / 1000);
      clearTimeout(timer);
      controllers.delete(controller);
    }
  }

  async function runOne(entry: ReadEntry): Promise<void> {
    let outcome: Outcome;
    try {
      outcome = await answer(entry);
    } catch (err) {
      outcome = outcomeOf(err, isAborted);
      const level = outcome === 'failed' || outcome === 'malformed' ? 'error' : 'warn';
      logger[level]({ err, stream: entry.stream, entryId: entry.id, outcome }, 'request not answered');
    }
    requests.inc(1, { outcome });
  }

  return {
    freePlaces: () => concurrency - running.size,
    untilFree,
    async take(entry) {
      await untilFree();
      if (isAborted) return requests.inc(1, { outcome: 'aborted' });
      const run = runOne(entry).finally(() => running.delete(run));
      running.add(run);
    },
    async untilIdle() {
      await Promise.all(running);
    },
    abort() {
      isAborted = true;
      for (const controller of controllers) controller.abort(new RetryableError('The service is stopping'));
    },
  };
}

function outcomeOf(error: unknown, isAborted: boolean): Outcome {
  if (isAborted) return 'aborted';
  if (error instanceof DeadlineError) return 'late';
  return error instanceof PoisonError ? 'malformed' : 'failed';
}
