import type { Client } from 'pg';
import type { Roster } from '../rules/roster.ts';
import { findKnown, type KnownMessage, type WantedIds } from './known-messages.ts';
import { ensureMailboxes, lockMailboxes, type Mailbox } from './mailboxes.ts';
import { readMore } from './roster.ts';

/** A conversation as read under its row lock; decisions change it, `write-batch.ts` stores it. */
export type Conversation = {
  id: number;
  extId: string;
  kind: 'direct' | 'group';
  generation: number;
  epoch: number;
  /** Place of the operation that started this epoch. */
  epochSeq: number;
  /** Application messages in this epoch. */
  epochMessages: number;
  /**
   * SHA-256 of the newest operation's transcript; undefined for a conversation created by an older release whose
   * messages are gone.
   */
  logHead: Buffer | undefined;
  nextSeq: number;
  /**
   * `outbox`: too many devices for a message's transaction; for a group, `devices` then holds only the senders of
   * this batch.
   */
  fanout: 'inline' | 'outbox';
  /** Messages whose pointers are not written yet. */
  waitingJobs: number;
  /** Devices that have left and that a commit must remove before anything more is sent. */
  due: { device: number; address: string }[];
  /** Present when an operation of this batch needs it. */
  roster?: Roster;
  /** For a direct conversation, the two users' names by number. Empty for a group. */
  names: ReadonlyMap<number, string>;
  /** For a direct conversation: both users are active and neither blocks the other. Always true for a group. */
  isOpen: boolean;
  devices: Map<number, { user: number; lastClientSeq: number }>;
};

/** For an acknowledging device: the highest sequence it can have seen, and what it had acknowledged. */
type Acknowledgeable = { head: number; acked: number };

export type BatchState = {
  conversations: Map<string, Conversation>;
  mailboxes: Map<number, Mailbox>;
  acking: Map<number, Acknowledgeable>;
  known: Map<string, KnownMessage>;
};

export type Wanted = WantedIds & {
  conversations: string[];
  /** The subset that has an operation in this batch. */
  operated: string[];
  /** Devices that may join one. */
  joining: number[];
  /** Devices that send. */
  senders: number[];
  /** Devices that acknowledge in this batch. */
  ackingDevices: number[];
};

/**
 * Locks and reads what a batch needs, in one round trip; a second one only for operations, due commits or large
 * groups. Global lock order: cursors, then blockable names, then conversations by id, then mailboxes by device, then
 * members. None of these locks conflicts with foreign-key checks, for which Postgres takes its own row locks in no
 * particular order, also when a row changes twice in a transaction. Each statement has its own snapshot, so what is
 * read after a lock was taken is current.
 */
export async function readBatchState(client: Client, wanted: Wanted): Promise<BatchState> {
  const [found, closed, devices, known, , mailboxes, acking] = await Promise.all([
    lockConversations(client, wanted.conversations),
    findClosed(client, wanted.conversations),
    readDevices(client, wanted),
    findKnown(client, wanted),
    ensureMailboxes(client, wanted.joining),
    lockMailboxes(client, { conversations: wanted.conversations, devices: wanted.joining }),
    readAcknowledgeable(client, wanted.ackingDevices),
  ]);
  const { conversations, isCommitRequired } = found;
  const byId = new Map([...conversations.values()].map((conversation) => [conversation.id, conversation]));
  for (const id of closed) {
    const conversation = byId.get(id);
    if (conversation) conversation.isOpen = false;
  }
  for (const row of devices) {
    byId
      .get(row.conv_id)
      ?.devices.set(row.device_id, { user: row.user_id, lastClientSeq: row.last_client_seq });
  }
  await readMore(client, byId, {
    isCommitRequired,
    operated: new Set(wanted.operated),
    joining: wanted.joining,
  });
  return { conversations, known, mailboxes, acking };
}

type Locked = { conversations: Map<string, Conversation>; isCommitRequired: ReadonlySet<number> };

async function lockConversations(client: Client, extIds: string[]): Promise<Locked> {
  if (extIds.length === 0) return { conversations: new Map(), isCommitRequired: new Set() };
  const found = await client.query<{
    id: number;
    ext_id: string;
    kind: 'direct' | 'group';
    generation: number;
    epoch: number;
    epoch_seq: number;
    epoch_messages: number;
    log_head: Buffer | null;
    next_seq: number;
    fanout: 'inline' | 'outbox';
    commit_required: boolean;
    low_user: number | null;
    high_user: number | null;
    low_name: string;
    high_name: string;
  }>({
    name: 'lock-conversations',
    text: `SELECT id, ext_id, kind, generation, epoch, epoch_seq, epoch_messages, log_head, next_seq, fanout, commit_required,
                  low_user, high_user, low_name, high_name
             FROM delivery.conversations c WHERE ext_id = ANY($1) ORDER BY id FOR NO KEY UPDATE`,
    values: [extIds],
  });
  return {
    conversations: new Map(
      found.rows.map((row) => [
        row.ext_id,
        {
          id: row.id,
          extId: row.ext_id,
          kind: row.kind,
          generation: row.generation,
          epoch: row.epoch,
          epochSeq: row.epoch_seq,
          epochMessages: row.epoch_messages,
          logHead: row.log_head ?? undefined,
          nextSeq: row.next_seq,
          fanout: row.fanout,
          waitingJobs: 0,
          due: [],
          names: namesOf(row),
          isOpen: true,
          devices: new Map(),
        },
      ]),
    ),
    isCommitRequired: new Set(found.rows.flatMap((row) => (row.commit_required ? [row.id] : []))),
  };
}

/**
 * Direct conversations in which one user blocks the other, is not active or has been erased. Not part of the locking
 * statement: if that has to wait, whatever else it reads is older than the rows it waited for.
 */
async function findClosed(client: Client, extIds: string[]): Promise<number[]> {
  if (extIds.length === 0) return [];
  const found = await client.query<{ id: number }>({
    name: 'find-closed',
    text: `SELECT id FROM delivery.conversations c
            WHERE ext_id = ANY($1) AND low_user IS NOT NULL AND (
                  EXISTS (SELECT FROM delivery.blocks WHERE user_id = c.low_user AND blocked_name = c.high_name)
                  OR EXISTS (SELECT FROM delivery.blocks WHERE user_id = c.high_user AND blocked_name = c.low_name)
                  OR NOT EXISTS (SELECT FROM auth.users WHERE id = c.low_user AND state = 'active')
                  OR NOT EXISTS (SELECT FROM auth.users WHERE id = c.high_user AND state = 'active'))`,
    values: [extIds],
  });
  return found.rows.map(({ id }) => id);
}

/** Empty for a group. */
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

/** For a large group only the senders, unless an operation needs all; in a direct conversation all, to find the peer. */
async function readDevices(client: Client, wanted: Wanted): Promise<DeviceRow[]> {
  if (wanted.conversations.length === 0) return [];
  const found = await client.query<DeviceRow>({
    name: 'read-devices',
    text: `SELECT d.conv_id, d.device_id, d.user_id, d.last_client_seq
             FROM delivery.conversations c JOIN delivery.conv_devices d ON d.conv_id = c.id
            WHERE c.ext_id = ANY($1) AND d.left_seq IS NULL
              AND (c.fanout = 'inline' OR c.kind = 'direct' OR d.device_id = ANY($2) OR c.ext_id = ANY($3))`,
    values: [wanted.conversations, wanted.senders, wanted.operated],
  });
  return found.rows;
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
