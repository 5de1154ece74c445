import type { Clock } from '@securechat/kernel';
import type { OrderedHandler, Processed, StreamRecord } from '@securechat/kernel/ordered';
import { type OrderedRecord, type Packed, packEntry, unpackEntry } from '@securechat/protocol/internal';
import type { Client } from 'pg';
import { BatchPlan } from './batch-plan.ts';
import { decideBatch, lockForBatch } from './decide-batch.ts';
import type { Fanout } from './fanout/fanout.ts';
import type { DeliveryMetrics } from './metrics.ts';
import type { Publisher } from './publisher.ts';
import type { Receipts } from './receipts.ts';
import { overfull } from './rules/backlog.ts';
import { checkOrigin } from './rules/check-record.ts';
import type { Policy } from './rules/policy.ts';
import type { BatchState } from './store/state.ts';
import { writeBatch } from './store/write-batch.ts';

type Value = Packed<OrderedRecord>;

/** How delivery processes a batch of its ordered streams, from decoding to publication. */
export function createBatchHandler(parts: {
  publisher: Publisher;
  receipts: Receipts;
  fanout: Pick<Fanout, 'wake'>;
  clock: Clock;
  metrics: DeliveryMetrics;
  policy: Policy;
}): OrderedHandler<Value> {
  const { publisher, receipts, fanout, clock, metrics, policy } = parts;

  return {
    decode(entry) {
      const values = unpackEntry<OrderedRecord>(entry);
      for (const { head } of values) checkOrigin(head);
      return values;
    },

    encode: (value) => Buffer.from(packEntry([value])),

    room: () => publisher.room(),

    async process(client, records) {
      const nowMs = clock.now();
      for (const { value } of records) metrics.queueAge.observe(Math.max(0, nowMs - value.head.at) / 1000);
      const plan = await decideBatch(client, records, nowMs, policy);
      return processedFrom(client, plan, records);
    },

    lock: lockForBatch,

    parked(value) {
      const plan = new BatchPlan(emptyState(), clock.now(), policy);
      plan.refuse(value.head, 'INVALID_MESSAGE_FORMAT');
      return { write: async () => {}, touched: new Map(), publish: () => publisher.publish(plan) };
    },

    announce: (devices) => publisher.announce(devices),
  };

  function processedFrom(client: Client, plan: BatchPlan, records: StreamRecord<Value>[]): Processed {
    let moved: Awaited<ReturnType<typeof writeBatch>> = [];
    const isOverfull = overfull(plan.state.mailboxes, plan.policy).length > 0;
    return {
      async write() {
        moved = await writeBatch(client, plan);
      },
      // a cut depends on what the mailbox holds, so its statements cannot be pipelined with COMMIT
      takesTurns: isOverfull,
      touched: touchedByStream(plan, records),
      publish() {
        metrics.count(plan);
        publisher.publish(plan);
        fanout.wake(plan.stored.flatMap(({ isOutbox, conversation }) => (isOutbox ? [conversation.id] : [])));
        // truncation entries are not pushed; they come with the next page
        if (plan.cut.length > 0) publisher.announce(plan.cut);
        receipts.add(moved);
      },
    };
  }
}

/** Per stream, the devices whose mailboxes grew, in case this process dies before it can tell them. */
function touchedByStream(plan: BatchPlan, records: StreamRecord<Value>[]): Map<string, number[]> {
  const streamOf = new Map(records.map(({ stream, value }) => [value.head, stream]));
  const touched = new Map<string, number[]>();
  for (const { record, recipients } of plan.stored) {
    const stream = streamOf.get(record);
    if (stream === undefined) continue;
    const devices = recipients.map((recipient) => recipient.device);
    const known = touched.get(stream);
    if (known) known.push(...devices);
    else touched.set(stream, devices);
  }
  return touched;
}

const emptyState = (): BatchState => ({
  conversations: new Map(),
  mailboxes: new Map(),
  acking: new Map(),
  known: new Map(),
});
