import { randomBytes } from 'node:crypto';
import { encodeRequest } from '@securechat/kernel';
import { ENTRY_FIELD, type OutRecord, streamNames, unpackEntry } from '@securechat/protocol/internal';
import { Redis } from 'ioredis';

/** The far end of auth's streams: asks as a gateway does. */
export type TestGateway = {
  id: string;
  prefix: string;
  redis: Redis;
  /** The reply's bytes; undefined when none came within `waitMs`. A negative `deadlineInMs` is an expired request. */
  ask(body: unknown, options?: { deadlineInMs?: number; waitMs?: number }): Promise<Buffer | undefined>;
  /** Asks all concurrently; replies are in the order of the questions. */
  askAll(bodies: readonly object[]): Promise<Buffer[]>;
  close(): Promise<void>;
};

export async function openTestGateway(): Promise<TestGateway> {
  const url = process.env.TEST_REDIS_URL;
  if (url === undefined) throw new Error('TEST_REDIS_URL is not set: run this through npm test');
  const redis = new Redis(url, { lazyConnect: true });
  await redis.connect();
  const prefix = `auth-test-${randomBytes(6).toString('hex')}`;
  const id = `gateway-${randomBytes(4).toString('hex')}`;
  const streams = streamNames({ prefix, partitions: 1 });
  const requests = streams.auth[0] ?? '';
  const out = streams.out(id);
  let asked = 0;

  /** As a gateway does at boot: replies are not written to a stream that does not exist. */
  async function makeOutStream(): Promise<string> {
    return (await redis.xadd(out, '*', ENTRY_FIELD, '')) ?? '0-0';
  }

  async function findReply(correlation: string): Promise<Buffer | undefined> {
    for (const [, fields] of await redis.xrangeBuffer(out, '-', '+')) {
      const entry = fields[1];
      if (!entry || entry.length === 0) continue;
      for (const { head, body } of unpackEntry<OutRecord>(entry)) {
        if (head.kind === 'reply' && head.correlation === correlation) return Buffer.from(body);
      }
    }
    return undefined;
  }

  return {
    id,
    prefix,
    redis,
    async ask(body, { deadlineInMs = 5000, waitMs = 5000 } = {}) {
      if ((await redis.exists(out)) === 0) await makeOutStream();
      const correlationId = `c${++asked}`;
      const bytes = Buffer.isBuffer(body) ? body : Buffer.from(JSON.stringify(body));
      const request = { correlationId, gatewayId: id, deadlineMs: Date.now() + deadlineInMs, body: bytes };
      await redis.xadd(requests, '*', ...encodeRequest(request));
      for (const untilMs = Date.now() + waitMs; Date.now() < untilMs; ) {
        const reply = await findReply(correlationId);
        if (reply) return reply;
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
      return undefined;
    },
    async askAll(bodies) {
      let last = await makeOutStream();
      const replies = new Map<string, Buffer>();
      const correlations = bodies.map(() => `c${++asked}`);
      const pipeline = redis.pipeline();
      bodies.forEach((body, index) => {
        const correlationId = correlations[index] ?? '';
        const bytes = Buffer.from(JSON.stringify(body));
        const request = { correlationId, gatewayId: id, deadlineMs: Date.now() + 10_000, body: bytes };
        pipeline.xadd(requests, '*', ...encodeRequest(request));
      });
      await pipeline.exec();
      for (const untilMs = Date.now() + 10_000; Date.now() < untilMs && replies.size < bodies.length; ) {
        for (const [entryId, fields] of await redis.xrangeBuffer(out, `(${last}`, '+')) {
          last = entryId.toString();
          for (const { head, body } of unpackEntry<OutRecord>(fields[1] ?? Buffer.alloc(0))) {
            if (head.kind === 'reply') replies.set(head.correlation, Buffer.from(body));
          }
        }
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
      return correlations.map((correlation) => replies.get(correlation) ?? Buffer.alloc(0));
    },
    async close() {
      const keys = await redis.keys(`${prefix}*`);
      if (keys.length > 0) await redis.unlink(...keys);
      redis.disconnect();
    },
  };
}
