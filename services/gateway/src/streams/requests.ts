import { DeadlineError, encodeRequest, type RedisClient } from '@securechat/kernel';
import {
  type Answer,
  type Ask,
  type AuthRequests,
  type BulkReply,
  type DeliveryRequests,
  ENTRY_FIELD,
  type FileAnswer,
  type FilesRequests,
  type Packed,
  type PresenceRequests,
  type PushRequests,
  packEntry,
  partitionOf,
  type StreamNames,
  type SyncPageHead,
  unpackEntry,
} from '@securechat/protocol/internal';
import type { Connection } from '../connection/connection.ts';
import type { PageQuestion } from '../connection/mailbox.ts';
import { createAwaited, DEADLINE_MS } from './awaited.ts';
import { guardedAdd } from './lane.ts';
import { requestStreams, type Service } from './request-streams.ts';

const MAX_STREAM_ENTRIES = 5_000;
/** Presence also trims its stream by age, so that stale entries do not stay there. */
const MAX_PRESENCE_ENTRIES = 10_000;
/** Chunks queued in one stream: 32 MiB. */
const MAX_CHUNK_ENTRIES = 128;

/** Instead of a correlation id. */
const NO_REPLY = '-';

/** Questions to delivery with a single JSON answer. */
type PlainQuestion = Exclude<keyof DeliveryRequests, 'page' | 'heads'>;

/** Questions that presence answers, and notices that it does not. */
type PresenceQuestion = {
  [K in keyof PresenceRequests]: PresenceRequests[K] extends { answer: unknown } ? K : never;
}[keyof PresenceRequests];
type PresenceNotice = Exclude<keyof PresenceRequests, PresenceQuestion>;
/** Questions to files with a single JSON answer. */
export type PlainFileQuestion = Exclude<keyof FilesRequests, 'chunk' | 'chunk_request'>;

export type Requests = {
  askAuth<K extends keyof AuthRequests>(kind: K, ask: AuthRequests[K]['ask']): Promise<Answer<'auth', K>>;
  askPage(
    connection: Connection,
    question: PageQuestion,
  ): Promise<{ head: SyncPageHead; bodies: Uint8Array[] }>;
  askHeads(devices: number[]): Promise<[device: number, head: number][]>;
  askDelivery<K extends PlainQuestion>(
    kind: K,
    ask: DeliveryRequests[K]['ask'],
  ): Promise<Answer<'delivery', K>>;
  askPresence<K extends PresenceQuestion>(
    kind: K,
    ask: PresenceRequests[K]['ask'],
  ): Promise<Answer<'presence', K>>;
  /** Not answered. Presence ignores it if handled later than `withinMs`. Rejects when Redis did not take it. */
  tellPresence<K extends PresenceNotice>(
    kind: K,
    notice: PresenceRequests[K]['ask'],
    withinMs?: number,
  ): Promise<void>;
  askFiles<K extends PlainFileQuestion>(kind: K, ask: FilesRequests[K]['ask']): Promise<FileAnswer>;
  askPush<K extends keyof PushRequests>(kind: K, ask: PushRequests[K]['ask']): Promise<Answer<'push', K>>;
  /** Passes a chunk to the files service. Rejects when Redis is down or holds too many already. */
  putChunk(ask: FilesRequests['chunk']['ask'], bytes: Uint8Array): Promise<FileAnswer>;
  getChunk(
    ask: FilesRequests['chunk_request']['ask'],
  ): Promise<{ answer: Answer<'files', 'chunk_request'>; bytes: Uint8Array }>;
  /** A chunk has arrived on this gateway's list of bulk answers. */
  answeredInBulk(reply: Packed<BulkReply>): void;
  /** A reply has arrived on this gateway's stream. */
  answered(correlation: string, body: Uint8Array): void;
  stop(): void;
};

/** Questions to other services: each with a deadline, each answered at most once, all idempotent. */
export function createRequests(parts: {
  redis: RedisClient;
  /** For file chunks; may be the same. */
  bulkRedis: RedisClient;
  streams: StreamNames;
  gatewayId: string;
  now: () => number;
}): Requests {
  const { redis, bulkRedis, streams, gatewayId, now } = parts;
  const streamOf = requestStreams(streams);
  const awaited = createAwaited();

  function ask(service: Service, body: object, maxEntries = MAX_STREAM_ENTRIES): Promise<Uint8Array> {
    const stream = streamOf[service];
    return awaited.ask(service, (correlationId) =>
      add({ stream, maxEntries, correlationId, withinMs: DEADLINE_MS }, body),
    );
  }

  async function add(
    place: { stream: string; maxEntries: number; correlationId: string; withinMs: number },
    body: object,
  ): Promise<void> {
    const { stream, maxEntries, correlationId, withinMs } = place;
    const deadlineMs = now() + withinMs;
    const fields = encodeRequest({
      correlationId,
      gatewayId,
      deadlineMs,
      withinMs,
      body: JSON.stringify(body),
    });
    await redis.xadd(stream, 'MAXLEN', '~', maxEntries, '*', ...fields);
  }

  async function addChunk(question: FilesRequests['chunk']['ask'], bytes: Uint8Array, correlation: string) {
    const stream = streams.chunks[partitionOf(question.file_id, streams.chunks.length)];
    const head = { kind: 'chunk', correlation, gateway: gatewayId, ...question };
    const entry = Buffer.from(packEntry([{ head, body: bytes }]).buffer);
    const added = await guardedAdd.run(bulkRedis, [stream ?? ''], [MAX_CHUNK_ENTRIES, ENTRY_FIELD, entry]);
    if (added === null)
      throw new DeadlineError(`files takes no chunk: ${MAX_CHUNK_ENTRIES} wait for it already`);
  }

  async function askOfDelivery(question: Ask<'delivery'>): Promise<Uint8Array[]> {
    const answer = await ask('delivery', question);
    return unpackEntry<object>(answer).map((record) => record.body);
  }

  return {
    async askAuth(kind, question) {
      return parseJson(await ask('auth', { kind, ...question }));
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
      return parseJson(await ask('presence', { kind, ...question }, MAX_PRESENCE_ENTRIES));
    },
    async tellPresence(kind, notice, withinMs = DEADLINE_MS) {
      const place = {
        stream: streamOf.presence,
        maxEntries: MAX_PRESENCE_ENTRIES,
        correlationId: NO_REPLY,
        withinMs,
      };
      await add(place, { kind, ...notice });
    },
    async askFiles(kind, question) {
      return parseJson(await ask('files', { kind, ...question }));
    },
    async askPush(kind, question) {
      return parseJson(await ask('push', { kind, ...question }));
    },
    async putChunk(question, bytes) {
      return parseJson(await awaited.ask('files', (correlation) => addChunk(question, bytes, correlation)));
    },
    async getChunk(question) {
      const entry = await ask('files', { kind: 'chunk_request', ...question });
      const [reply] = unpackEntry<BulkReply>(entry);
      if (!reply) throw new DeadlineError('files answered without content');
      return { answer: reply.head.answer, bytes: reply.body };
    },
    answeredInBulk(reply) {
      awaited.answered(reply.head.correlation, packEntry([reply]));
    },
    answered: awaited.answered,
    stop: awaited.stop,
  };
}

function parseJson<T>(bytes: Uint8Array | undefined): T {
  return JSON.parse(Buffer.from(bytes ?? new Uint8Array(0)).toString('utf8')) as T;
}
