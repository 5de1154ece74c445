import type { Client } from 'pg';

/** A conversation as it stands under its row lock; decisions change it, `write-batch.ts` stores it. */
export type Conversation = {
  id: number;
  extId: string;
  epoch: number;
  nextSeq: number;
  /** Of a direct conversation: name of each of the two users by number. Empty for a group. */
  names: ReadonlyMap<number, string>;
  devices: Map<number, { user: number; lastClientSeq: number }>;
};

/** Of a device that may get a message in this batch: its newest sequence, under its lock. */
export type Mailbox = { head: number };

/** Of a device that acknowledges: what it can have seen at most, and what it had acknowledged. */
export type Acknowledgeable = { head: number; acked: number };

/** What was stored earlier under a sender's message id. */
export type KnownMessage = { hash: Buffer; conversation: string; convSeq: number; serverTsMs: number };

export type BatchState = {
  conversations: Map<string, Conversation>;
  mailboxes: Map<number, Mailbox>;
  acking: Map<number, Acknowledgeable>;
  known: Map<string, KnownMessage>;
};

export type Wanted = {
  conversations: string[];
  /** Messages whose ids are to be looked up. */
  ids: { device: number; id: string }[];
  /** Devices whose mailboxes are acknowledged in this batch. */
  ackingDevices: number[];
  /** First and last day (`YYYY-MM-DD`) that a message with such an id can have come in. */
  days: { first: string; last: string };
};

export const knownKey = (device: number, id: string): string => `${device}:${id}`;

/**
 * Locks and reads what a batch needs, in one round trip. Lock order, the same for everybody: cursors, then
 * conversations by id, then mailboxes by device. Each statement has a snapshot of its own, so what is read
 * after a lock was taken is current.
 */
export async function readBatchState(client: Client, wanted: Wanted): Promise<BatchState> {
  const [conversations, devices, known, mailboxes, acking] = await Promise.all([
    lockConversations(client, wanted.conversations),
    readDevices(client, wanted.conversations),
    findKnown(client, wanted),
    lockMailboxes(client, wanted.conversations),
    readAcknowledgeable(client, wanted.ackingDevices),
  ]);
  const byId = new Map([...conversations.values()].map((conversation) => [conversation.id, conversation]));
  for (const row of devices) {
    byId
      .get(row.conv_id)
      ?.devices.set(row.device_id, { user: row.user_id, lastClientSeq: row.last_client_seq });
  }
  return { conversations, known, mailboxes, acking };
}

async function lockConversations(client: Client, extIds: string[]): Promise<Map<string, Conversation>> {
  if (extIds.length === 0) return new Map();
  const found = await client.query<{
    id: number;
    ext_id: string;
    epoch: number;
    next_seq: number;
    low_user: number | null;
    high_user: number | null;
    low_name: string;
    high_name: string;
  }>({
    name: 'lock-conversations',
    text: `SELECT id, ext_id, epoch, next_seq, low_user, high_user, low_name, high_name
             FROM delivery.conversations WHERE ext_id = ANY($1) ORDER BY id FOR UPDATE`,
    values: [extIds],
  });
  return new Map(
    found.rows.map((row) => [
      row.ext_id,
      {
        id: row.id,
        extId: row.ext_id,
        epoch: row.epoch,
        nextSeq: row.next_seq,
        names: namesOf(row),
        devices: new Map(),
      },
    ]),
  );
}

/** A group has none. */
function namesOf(row: {
  low_user: number | null;
  high_user: number | null;
  low_name: string;
  high_name: string;
}): Conversation['names'] {
  if (row.low_user === null || row.high_user === null) return new Map();
  return new Map([
    [row.low_user, row.low_name],
    [row.high_user, row.high_name],
  ]);
}

type DeviceRow = { conv_id: number; device_id: number; user_id: number; last_client_seq: number };

async function readDevices(client: Client, extIds: string[]): Promise<DeviceRow[]> {
  if (extIds.length === 0) return [];
  const found = await client.query<DeviceRow>({
    name: 'read-devices',
    text: `SELECT d.conv_id, d.device_id, d.user_id, d.last_client_seq
             FROM delivery.conversations c JOIN delivery.conv_devices d ON d.conv_id = c.id
            WHERE c.ext_id = ANY($1) AND d.left_seq IS NULL`,
    values: [extIds],
  });
  return found.rows;
}

/** LATERAL with LIMIT keeps it one index probe per id and day, whatever the planner thinks of the table's size. */
export async function findKnown(
  client: Client,
  wanted: Pick<Wanted, 'ids' | 'days'>,
): Promise<Map<string, KnownMessage>> {
  if (wanted.ids.length === 0) return new Map();
  const found = await client.query<{
    device: number;
    id: string;
    hash: Buffer;
    ext_id: string;
    conv_seq: number;
    server_ts_ms: number;
  }>({
    name: 'find-known',
    text: `SELECT k.device, k.id, m.hash, c.ext_id, m.conv_seq, m.server_ts_ms
             FROM unnest($1::bigint[], $2::text[]) AS k(device, id)
            CROSS JOIN LATERAL (
                  SELECT hash, conv_id, conv_seq, server_ts_ms FROM delivery.messages
                   WHERE day BETWEEN $3::date AND $4::date AND sender_device = k.device AND msg_id = k.id LIMIT 1) m
             JOIN delivery.conversations c ON c.id = m.conv_id`,
    values: [
      wanted.ids.map((key) => key.device),
      wanted.ids.map((key) => key.id),
      wanted.days.first,
      wanted.days.last,
    ],
  });
  return new Map(
    found.rows.map((row) => [
      knownKey(row.device, row.id),
      { hash: row.hash, conversation: row.ext_id, convSeq: row.conv_seq, serverTsMs: row.server_ts_ms },
    ]),
  );
}

async function lockMailboxes(client: Client, extIds: string[]): Promise<Map<number, Mailbox>> {
  if (extIds.length === 0) return new Map();
  const found = await client.query<{ device_id: number; head_seq: number }>({
    name: 'lock-mailboxes',
    text: `SELECT device_id, head_seq FROM delivery.device_queue
            WHERE device_id = ANY(ARRAY(
                    SELECT DISTINCT d.device_id FROM delivery.conversations c
                      JOIN delivery.conv_devices d ON d.conv_id = c.id
                     WHERE c.ext_id = ANY($1) AND d.left_seq IS NULL))
            ORDER BY device_id FOR UPDATE`,
    values: [extIds],
  });
  return new Map(found.rows.map((row) => [row.device_id, { head: row.head_seq }]));
}

/** Without a lock: a head only grows, and what a device acknowledges was committed before it was sent to it. */
async function readAcknowledgeable(client: Client, devices: number[]): Promise<Map<number, Acknowledgeable>> {
  if (devices.length === 0) return new Map();
  const found = await client.query<{ device_id: number; head_seq: number; acked_seq: number }>({
    name: 'read-acknowledgeable',
    text: `SELECT q.device_id, q.head_seq, a.acked_seq
             FROM delivery.device_queue q JOIN delivery.device_acks a USING (device_id)
            WHERE q.device_id = ANY($1)`,
    values: [devices],
  });
  return new Map(found.rows.map((row) => [row.device_id, { head: row.head_seq, acked: row.acked_seq }]));
}
