import { randomBytes } from 'node:crypto';
import { createDirectory } from '@securechat/directory';
import { encodeRequest } from '@securechat/kernel';
import {
  type Answer,
  ENTRY_FIELD,
  type OrderedRecord,
  type OutRecord,
  type Packed,
  packEntry,
  partitionOf,
  type StreamNames,
  streamNames,
  unpackEntry,
} from '@securechat/protocol/internal';
import { type TestRedis, until } from '@securechat/testkit';
import type { Endpoint, Rec } from './records.ts';

export const PARTITIONS = 2;

type Received = Packed<OutRecord>;

/** The far end of delivery's streams. */
export type TestGateway = {
  id: string;
  streams: StreamNames;
  /** A device connects here; its connection has the device's number. */
  connect(...devices: Endpoint[]): Promise<void>;
  /** Writes one entry, to the stream of its first record. */
  send(...records: Rec[]): Promise<string>;
  /** Everything written to this gateway so far, in order; each entry is a list. */
  entries(): Promise<Received[][]>;
  received(): Promise<Received[]>;
  ask<K extends 'page' | 'heads'>(
    question: { kind: K } & Record<string, unknown>,
  ): Promise<{ head: Answer<'delivery', K>; bodies: string[] }>;
};

export async function openGateway(
  testRedis: Pick<TestRedis, 'redis' | 'prefix'>,
  id = 'g1',
): Promise<TestGateway> {
  const { redis, prefix } = testRedis;
  const streams = streamNames({ prefix, partitions: PARTITIONS });
  const directory = createDirectory(redis, { prefix, shards: PARTITIONS });
  const out = streams.out(id);
  // as a gateway does at boot: nobody else ever creates its stream
  await redis.xadd(out, '*', ENTRY_FIELD, Buffer.from(packEntry([])));

  const gateway: TestGateway = {
    id,
    streams,
    async connect(...devices) {
      for (const { user, device } of devices) {
        const registration = { user, device, gateway: id, connection: device };
        await directory.register({ ...registration, maxConnections: 10, liveGateways: ['g1', 'g2'] });
      }
    },
    async send(...records) {
      const values = records.map(({ value }) => value);
      const [first] = values;
      const entry = Buffer.from(packEntry(values));
      return (await redis.xadd(streamFor(first?.head), '*', ENTRY_FIELD, entry)) ?? '';
    },
    async entries() {
      const entries = await redis.xrangeBuffer(out, '-', '+');
      return entries.map(([, fields]) => unpackEntry<OutRecord>(fields[1] ?? Buffer.alloc(0)));
    },
    received: async () => (await gateway.entries()).flat(),
    async ask(question) {
      const correlationId = randomBytes(6).toString('hex');
      const request = encodeRequest({
        correlationId,
        gatewayId: id,
        deadlineMs: Date.now() + 10_000,
        body: Buffer.from(JSON.stringify(question)),
      });
      await redis.xadd(streams.sync[0] ?? '', '*', ...request);
      const reply = await until('delivery replies', async () =>
        (await gateway.received()).find(
          ({ head }) => head.kind === 'reply' && head.correlation === correlationId,
        ),
      );
      const [answer, ...bodies] = unpackEntry(reply.body).map(({ body }) => Buffer.from(body).toString());
      return { head: JSON.parse(answer ?? ''), bodies };
    },
  };

  function streamFor(head: OrderedRecord | undefined): string {
    const isAck = head?.type === 'ack' || head?.type === 'receipt';
    const partition =
      head && !isAck && 'conversation' in head ? partitionOf(head.conversation, PARTITIONS) : 0;
    return (isAck ? streams.acks : streams.ordered)[partition] ?? '';
  }
  return gateway;
}
