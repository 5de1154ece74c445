import { randomBytes } from 'node:crypto';
import { DeadlineError, encodeRequest, type RedisClient } from '@securechat/kernel';
import {
  type Answer,
  type Ask,
  type AuthRequests,
  type PresenceRequests,
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
/** Presence also shortens its stream by time, so that what is over does not stay there. */
const MAX_PRESENCE_ENTRIES = 10_000;
/** Questions without an answer yet; more are refused here rather than queued. */
const MAX_PENDING = 10_000;

/** In place of a correlation. */
const NO_REPLY = '-';

/** Questions to delivery with one answer in JSON. */
export type PlainQuestion = Exclude<keyof SyncRequests, 'page' | 'heads'>;

/** Questions to presence that are answered, and what it is only told. */
type PresenceQuestion = {
  [K in keyof PresenceRequests]: PresenceRequests[K] extends { answer: unknown } ? K : never;
}[keyof PresenceRequests];
type PresenceNotice = Exclude<keyof PresenceRequests, PresenceQuestion>;

export type Requests = {
  askAuth<K extends keyof AuthRequests>(kind: K, ask: AuthRequests[K]['ask']): Promise<Answer<'auth', K>>;
  askPage(
    connection: Connection,
    question: PageQuestion,
  ): Promise<{ head: SyncPageHead; bodies: Uint8Array[] }>;
  askHeads(devices: number[]): Promise<[device: number, head: number][]>;
  askDelivery<K extends PlainQuestion>(kind: K, ask: SyncRequests[K]['ask']): Promise<Answer<'delivery', K>>;
  askPresence<K extends PresenceQuestion>(
    kind: K,
    ask: PresenceRequests[K]['ask'],
  ): Promise<Answer<'presence', K>>;
  /** Nobody answers. Presence leaves it out when it comes to it later than `withinMs`. Rejects when Redis did not take it. */
  tellPresence<K extends PresenceNotice>(
    kind: K,
    notice: PresenceRequests[K]['ask'],
    withinMs?: number,
  ): Promise<void>;
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

  async function ask(
    stream: string | undefined,
    body: object,
    maxEntries = MAX_STREAM_ENTRIES,
  ): Promise<Uint8Array> {
    if (stream === undefined || pending.size >= MAX_PENDING)
      throw new DeadlineError('too many questions are waiting');
    const correlationId = randomBytes(12).toString('base64url');
    const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>();
    const timer = setTimeout(
      () => settle(correlationId)?.reject(new DeadlineError('no answer in time')),
      DEADLINE_MS,
    );
    pending.set(correlationId, { resolve, reject, timer });
    add({ stream, maxEntries, correlationId, withinMs: DEADLINE_MS }, body).catch((error: Error) =>
      settle(correlationId)?.reject(error),
    );
    return await promise;
  }

  async function add(
    place: { stream: string; maxEntries: number; correlationId: string; withinMs: number },
    body: object,
  ): Promise<void> {
    const { stream, maxEntries, correlationId, withinMs } = place;
    const deadlineMs = now() + withinMs;
    const bytes = Buffer.from(JSON.stringify(body));
    const fields = encodeRequest({ correlationId, gatewayId, deadlineMs, withinMs, body: bytes });
    await redis.xadd(stream, 'MAXLEN', '~', maxEntries, '*', ...fields);
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
    async askPresence(kind, question) {
      return parseJson(await ask(streams.presence[0], { kind, ...question }, MAX_PRESENCE_ENTRIES));
    },
    async tellPresence(kind, notice, withinMs = DEADLINE_MS) {
      const [stream = ''] = streams.presence;
      const place = { stream, maxEntries: MAX_PRESENCE_ENTRIES, correlationId: NO_REPLY, withinMs };
      await add(place, { kind, ...notice });
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
