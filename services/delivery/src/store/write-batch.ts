import type { Client } from 'pg';
import type { BatchPlan, StoredMessage } from '../batch-plan.ts';
import { applyAcks, applyReads, type Mark } from './watermarks.ts';

/**
 * Sends everything a plan adds up to, in one flight of set-based statements. Resolves with the watermarks that
 * moved.
 */
export async function writeBatch(client: Client, plan: BatchPlan): Promise<Mark[]> {
  const writes: Promise<unknown>[] = [];
  if (plan.stored.length > 0) {
    writes.push(insertMessages(client, plan), insertPointers(client, plan), ...moveCounters(client, plan));
  }
  const marks = Promise.all([applyAcks(client, plan.acks), applyReads(client, [...plan.reads.values()])]);
  const [moved] = await Promise.all([marks, ...writes]);
  return moved.flat();
}

export const dayOf = (ms: number): string => new Date(ms).toISOString().slice(0, 10);

/** Bodies travel as one binary value: as an array, each would be turned into text of twice its size. */
function insertMessages(client: Client, plan: BatchPlan): Promise<unknown> {
  const { stored } = plan;
  const column = <T>(value: (message: StoredMessage) => T): T[] => stored.map(value);
  return client.query({
    name: 'insert-messages',
    text: `INSERT INTO delivery.messages
             (day, conv_id, conv_seq, sender_device, msg_id, hash, type, server_ts_ms, expires_at, body)
           SELECT $1::date, m.conv_id, m.conv_seq, m.sender, m.id, substring($2::bytea FROM m.n::int * 32 - 31 FOR 32),
                  m.type, $3, m.expires_at, substring($4::bytea FROM m.start FOR m.bytes)
             FROM unnest($5::bigint[], $6::bigint[], $7::bigint[], $8::text[], $9::smallint[], $10::bigint[],
                         $11::int[], $12::int[])
                  WITH ORDINALITY AS m(conv_id, conv_seq, sender, id, type, expires_at, start, bytes, n)`,
    values: [
      dayOf(plan.nowMs),
      Buffer.concat(column((message) => message.hash)),
      plan.nowMs,
      Buffer.concat(column((message) => message.body)),
      column((message) => message.conversation.id),
      column((message) => message.convSeq),
      column((message) => message.record.device),
      column((message) => message.record.id),
      column((message) => message.frameType),
      column((message) => message.expiresAt ?? null),
      startsOf(stored),
      column((message) => message.body.length),
    ],
  });
}

/** Where each body begins in their concatenation, counted from 1 as SQL does. */
function startsOf(stored: StoredMessage[]): number[] {
  let next = 1;
  return stored.map(({ body }) => {
    const start = next;
    next += body.length;
    return start;
  });
}

function insertPointers(client: Client, plan: BatchPlan): Promise<unknown> {
  const pointers = plan.stored.flatMap((message) =>
    message.recipients.map((recipient) => ({ message, recipient })),
  );
  return client.query({
    name: 'insert-pointers',
    text: `INSERT INTO delivery.mailbox (device_id, seq, conv_id, conv_seq, day)
           SELECT p.*, $1::date FROM unnest($2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[]) AS p`,
    values: [
      dayOf(plan.nowMs),
      pointers.map(({ recipient }) => recipient.device),
      pointers.map(({ recipient }) => recipient.seq),
      pointers.map(({ message }) => message.conversation.id),
      pointers.map(({ message }) => message.convSeq),
    ],
  });
}

function moveCounters(client: Client, plan: BatchPlan): Promise<unknown>[] {
  const conversations = [...new Set(plan.stored.map((message) => message.conversation))];
  const senders = new Map(
    plan.movedClientSeqs.map((moved) => [`${moved.conversation.id}:${moved.device}`, moved]),
  );
  const moved = [...senders.values()];
  const grown = [
    ...new Set(plan.stored.flatMap((message) => message.recipients.map(({ device }) => device))),
  ];
  return [
    client.query({
      name: 'move-conversations',
      text: `UPDATE delivery.conversations c SET next_seq = n.next_seq
               FROM unnest($1::bigint[], $2::bigint[]) AS n(id, next_seq) WHERE c.id = n.id`,
      values: [conversations.map((c) => c.id), conversations.map((c) => c.nextSeq)],
    }),
    client.query({
      name: 'move-senders',
      text: `UPDATE delivery.conv_devices d SET last_client_seq = n.seq
               FROM unnest($1::bigint[], $2::bigint[], $3::bigint[]) AS n(conv_id, device_id, seq)
              WHERE d.conv_id = n.conv_id AND d.device_id = n.device_id AND d.left_seq IS NULL`,
      values: [
        moved.map((sender) => sender.conversation.id),
        moved.map((sender) => sender.device),
        moved.map((sender) => sender.conversation.devices.get(sender.device)?.lastClientSeq),
      ],
    }),
    client.query({
      name: 'move-heads',
      text: `UPDATE delivery.device_queue q SET head_seq = n.head
               FROM unnest($1::bigint[], $2::bigint[]) AS n(device_id, head) WHERE q.device_id = n.device_id`,
      values: [grown, grown.map((device) => plan.state.mailboxes.get(device)?.head)],
    }),
  ];
}
