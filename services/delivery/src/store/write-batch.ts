import type { Client } from 'pg';
import type { BatchPlan, StoredMessage } from '../batch-plan.ts';
import { overfull } from '../rules/backlog.ts';
import { cutBacklogs } from './cut-backlog.ts';
import { applyAcks, applyReads, type Mark } from './watermarks.ts';
import { writeOperations } from './write-operations.ts';

/**
 * Writes a whole plan in one pipelined flight of set-based statements; overfull mailboxes are cut after that,
 * statement by statement. Resolves with the watermarks that moved.
 */
export async function writeBatch(client: Client, plan: BatchPlan): Promise<Mark[]> {
  const writes: Promise<unknown>[] = [];
  if (plan.stored.length > 0) {
    writes.push(insertMessages(client, plan), insertPointers(client, plan));
    writes.push(...writeOperations(client, plan), ...moveCounters(client, plan), ...insertJobs(client, plan));
  }
  const marks = Promise.all([applyAcks(client, plan.acks), applyReads(client, [...plan.reads.values()])]);
  const [moved] = await Promise.all([marks, ...writes]);
  const full = overfull(plan.state.mailboxes, plan.policy);
  if (full.length > 0) plan.cut.push(...(await cutBacklogs(client, full, plan.policy, plan.nowMs)));
  return moved.flat();
}

/** Bodies travel as one binary value: in an array, each would become text of twice its size. */
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
      plan.day,
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
    text: `INSERT INTO delivery.mailbox (device_id, seq, conv_id, conv_seq, bytes, is_welcome, day)
           SELECT p.*, $1::date
             FROM unnest($2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::int[], $7::boolean[]) AS p`,
    values: [
      plan.day,
      pointers.map(({ recipient }) => recipient.device),
      pointers.map(({ recipient }) => recipient.seq),
      pointers.map(({ message }) => message.conversation.id),
      pointers.map(({ message }) => message.convSeq),
      pointers.map(
        ({ message, recipient }) => ((recipient.isWelcome && message.welcome) || message.body).length,
      ),
      pointers.map(({ recipient }) => recipient.isWelcome),
    ],
  });
}

/** Acknowledged now, delivered later: the fan-out finds the jobs here even if this process dies. */
function insertJobs(client: Client, plan: BatchPlan): Promise<unknown>[] {
  const jobs = plan.stored.filter(({ isOutbox }) => isOutbox);
  if (jobs.length === 0) return [];
  return [
    client.query({
      name: 'insert-jobs',
      text: `INSERT INTO delivery.fanout_jobs (conv_id, conv_seq, day)
             SELECT j.*, $1::date FROM unnest($2::bigint[], $3::bigint[]) AS j`,
      values: [plan.day, jobs.map(({ conversation }) => conversation.id), jobs.map(({ convSeq }) => convSeq)],
    }),
  ];
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
      text: `UPDATE delivery.conversations c SET next_seq = n.next_seq, epoch_messages = n.epoch_messages
               FROM unnest($1::bigint[], $2::bigint[], $3::bigint[]) AS n(id, next_seq, epoch_messages) WHERE c.id = n.id`,
      values: [
        conversations.map((c) => c.id),
        conversations.map((c) => c.nextSeq),
        conversations.map((c) => c.epochMessages),
      ],
    }),
    client.query({
      name: 'move-senders',
      text: `UPDATE delivery.conv_devices d SET last_client_seq = n.seq, last_sent_seq = n.place
               FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[]) AS n(conv_id, device_id, seq, place)
              WHERE d.conv_id = n.conv_id AND d.device_id = n.device_id
                AND d.joined_seq <= n.place AND (d.left_seq IS NULL OR d.left_seq > n.place)`,
      values: [
        moved.map((sender) => sender.conversation.id),
        moved.map((sender) => sender.device),
        moved.map((sender) => sender.clientSeq),
        moved.map((sender) => sender.convSeq),
      ],
    }),
    client.query({
      name: 'move-heads',
      text: `UPDATE delivery.device_queue q SET head_seq = n.head, put_count = n.count, put_bytes = n.bytes
               FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[]) AS n(device_id, head, count, bytes)
              WHERE q.device_id = n.device_id`,
      values: [
        grown,
        grown.map((device) => plan.state.mailboxes.get(device)?.head),
        grown.map((device) => plan.state.mailboxes.get(device)?.putCount),
        grown.map((device) => plan.state.mailboxes.get(device)?.putBytes),
      ],
    }),
  ];
}
