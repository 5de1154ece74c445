import { randomBytes } from 'node:crypto';
import { DeadlineError, encodeRequest, type RedisClient } from '@securechat/kernel';
import {
  type Answer,
  type Ask,
  type AuthRequests,
  type StreamNames,
  type SyncPageHead,
  type SyncRequests,
  unpackEntry,
} from '@securechat/protocol/internal';
import type { Connection } from '../connection/connection.ts';
import type { PageQuestion } from '../connection/mailbox.ts';

/** Whoever asks has given up by then, and asks again. */
const DEADLINE_MS = 5_000;
const MAX_STREAM_ENTRIES = 5_000;
/** Questions without an answer yet; more are refused here rather than queued. */
const MAX_PENDING = 10_000;

/** Questions to delivery with one answer in JSON. */
export type PlainQuestion = Exclude<keyof SyncRequests, 'page' | 'heads'>;

export type Requests = {
  askAuth<K extends keyof AuthRequests>(kind: K, ask: AuthRequests[K]['ask']): Promise<Answer<'auth', K>>;
  askPage(
    connection: Connection,
    question: PageQuestion,
  ): Promise<{ head: SyncPageHead; bodies: Uint8Array[] }>;
  askHeads(devices: number[]): Promise<[device: number, head: number][]>;
  askDelivery<K extends PlainQuestion>(kind: K, ask: SyncRequests[K]['ask']): Promise<Answer<'delivery', K>>;
  /** A reply has arrived on this gateway's stream. */
  answered(correlation: string, body: Uint8Array): void;
  stop(): void;
};

type Pending = { resolve(body: Uint8Array): void; reject(error: Error): void; timer: NodeJS.Timeout };

/** Questions to other services: each with a deadline, each answered at most once, all of them safe to repeat. */
export function createRequests(parts: {
  redis: RedisClient;
  streams: StreamNames;
  gatewayId: string;
  now: () => number;
}): Requests {
  const { redis, streams, gatewayId, now } = parts;
  const pending = new Map<string, Pending>();

  async function ask(stream: string | undefined, body: object): Promise<Uint8Array> {
    if (stream === undefined || pending.size >= MAX_PENDING)
      throw new DeadlineError('too many questions are waiting');
    const correlationId = randomBytes(12).toString('base64url');
    const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>();
    const timer = setTimeout(
      () => settle(correlationId)?.reject(new DeadlineError('no answer in time')),
      DEADLINE_MS,
    );
    pending.set(correlationId, { resolve, reject, timer });
    const fields = encodeRequest({
      correlationId,
      gatewayId,
      deadlineMs: now() + DEADLINE_MS,
      withinMs: DEADLINE_MS,
      body: Buffer.from(JSON.stringify(body)),
    });
    redis
      .xadd(stream, 'MAXLEN', '~', MAX_STREAM_ENTRIES, '*', ...fields)
      .catch((error: Error) => settle(correlationId)?.reject(error));
    return await promise;
  }

  function settle(correlation: string): Pending | undefined {
    const found = pending.get(correlation);
    pending.delete(correlation);
    clearTimeout(found?.timer);
    return found;
  }

  async function askOfDelivery(question: Ask<'delivery'>): Promise<Uint8Array[]> {
    const answer = await ask(streams.sync[0], question);
    return unpackEntry<object>(answer).map((record) => record.body);
  }

  return {
    async askAuth(kind, question) {
      return parseJson(await ask(streams.auth[0], { kind, ...question }));
    },
    async askPage(connection, question) {
      const { session } = connection;
      if (!session) throw new DeadlineError('the session is gone');
      const [head, ...bodies] = await askOfDelivery({
        kind: 'page',
        device: session.device,
        user: session.user,
        from: question.from,
        ack: question.ack,
        mailbox_epoch: question.mailboxEpoch,
        receipts_since_ms: question.receiptsSinceMs,
        limit: question.limit,
      });
      return { head: parseJson(head), bodies };
    },
    async askHeads(devices) {
      const [head] = await askOfDelivery({ kind: 'heads', devices });
      return parseJson<Answer<'delivery', 'heads'>>(head).heads;
    },
    async askDelivery(kind, question) {
      const [head] = await askOfDelivery({ kind, ...question } as Ask<'delivery'>);
      return parseJson(head);
    },
    answered: (correlation, body) => settle(correlation)?.resolve(body),
    stop() {
      for (const correlation of [...pending.keys()])
        settle(correlation)?.reject(new DeadlineError('stopping'));
    },
  };
}

function parseJson<T>(bytes: Uint8Array | undefined): T {
  return JSON.parse(Buffer.from(bytes ?? new Uint8Array(0)).toString('utf8')) as T;
}
