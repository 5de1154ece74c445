import { downstreamById } from '@securechat/protocol';
import type { StoredType } from '@securechat/protocol/internal';
import type { ClientBase } from 'pg';
import type { Delivery } from '../gateway-records.ts';
import { overfull } from '../rules/backlog.ts';
import type { Policy } from '../rules/policy.ts';
import { cutBacklogs } from '../store/cut-backlog.ts';
import { lockMailboxes, type Mailbox } from '../store/mailboxes.ts';
import {
  devicesUpTo,
  endJobs,
  type FanoutJob,
  moveJobs,
  type Recipient,
  readRecipients,
  readWave,
} from '../store/outbox.ts';

/** Pointers per transaction: a few milliseconds, during which other transactions may wait for the mailbox locks. */
const POINTERS_AT_ONCE = 1_000;
const MOST_DEVICES = 100;
/** First half of the advisory lock key; the second is the conversation. */
const LOCK = 0x5c47;

export type Expanded = {
  outcome: 'more' | 'done' | 'busy';
  deliveries: Delivery[];
  /**
   * Devices whose gateways must be told the mailbox head: their backlog was cut, or a process died after writing
   * their pointers.
   */
  untold: number[];
  /** How far the oldest messages have got: the last device reached. */
  reached: number | undefined;
};

/** `reached` of messages with pointers for every device, until their recipients have been told too. */
export const EVERYBODY = Number.MAX_SAFE_INTEGER;

type Pointer = { job: FanoutJob; device: number; user: number; seq: number; isWelcome: boolean };

/**
 * Writes the next pointers of a conversation from its outbox, in one transaction: for the oldest messages, which
 * advance together from device to device, and for the next devices in order. Progress is written in the same
 * transaction, so a crash at any point repeats and omits nothing. Younger messages wait until the older ones have
 * reached every device, so every mailbox has them in order. Recipients are the devices that took part when the
 * message was stored.
 *
 * Only one process works on a conversation at a time; another gets `busy`. `known` is how far this process has
 * brought the oldest messages and told their recipients. If they are further along, another process did it and may
 * have died before telling anyone.
 */
export async function expand(
  client: ClientBase,
  conversation: number,
  { known, policy, nowMs }: { known: number | undefined; policy: Policy; nowMs: number },
): Promise<Expanded> {
  const locked = await client.query<{ ours: boolean }>('SELECT pg_try_advisory_xact_lock($1, $2) AS ours', [
    LOCK,
    conversation % 0x7fff_ffff,
  ]);
  if (!locked.rows[0]?.ours) return nothing('busy');
  const wave = await readWave(client, conversation);
  const [first] = wave;
  if (!first) return nothing('done');
  const isOwn = first.after_device === 0 || first.after_device === known;
  const untold = isOwn ? [] : await devicesUpTo(client, conversation, first);
  if (first.after_device === EVERYBODY) {
    await endJobs(client, conversation, wave);
    return { ...nothing('more'), untold };
  }
  const most = Math.min(MOST_DEVICES, Math.max(1, Math.floor(POINTERS_AT_ONCE / wave.length)));
  const recipients = await readRecipients(client, conversation, first, most);
  const devices = [...new Set(recipients.map((recipient) => recipient.device_id))];
  const mailboxes = await lockMailboxes(client, { conversations: [], devices });
  const pointers = place(wave, recipients, mailboxes);
  await writePointers(client, conversation, pointers, mailboxes);
  const reached = devices.length < most ? EVERYBODY : devices.at(-1);
  await moveJobs(client, conversation, wave, reached);
  const cut = await cutBacklogs(client, overfull(mailboxes, policy), policy, nowMs);
  return {
    outcome: 'more',
    deliveries: deliveriesOf(wave, pointers),
    untold: [...untold, ...cut],
    reached,
  };
}

const nothing = (outcome: Expanded['outcome']): Expanded => ({
  outcome,
  deliveries: [],
  untold: [],
  reached: undefined,
});

/** Device by device, each in conversation order. */
function place(
  wave: FanoutJob[],
  recipients: Recipient[],
  mailboxes: ReadonlyMap<number, Mailbox>,
): Pointer[] {
  const pointers: Pointer[] = [];
  for (const [device, times] of Map.groupBy(recipients, (recipient) => recipient.device_id)) {
    const mailbox = mailboxes.get(device);
    if (!mailbox) continue;
    for (const job of wave) {
      const time = times.find(
        ({ joined_seq, left_seq }) =>
          joined_seq <= job.conv_seq && (left_seq === null || left_seq > job.conv_seq),
      );
      if (!time || job.body === null || job.sender_device === device) continue;
      const isWelcome = job.welcome !== null && time.joined_seq === job.conv_seq;
      mailbox.putCount += 1;
      mailbox.putBytes += ((isWelcome && job.welcome) || job.body).length;
      pointers.push({ job, device, user: time.user_id, seq: ++mailbox.head, isWelcome });
    }
  }
  return pointers;
}

async function writePointers(
  client: ClientBase,
  conversation: number,
  pointers: Pointer[],
  mailboxes: ReadonlyMap<number, Mailbox>,
): Promise<void> {
  if (pointers.length === 0) return;
  const grown = [...new Set(pointers.map(({ device }) => device))];
  await client.query({
    name: 'fan-out',
    text: `INSERT INTO delivery.mailbox (device_id, seq, conv_id, conv_seq, bytes, is_welcome, day)
           SELECT p.device, p.seq, $1, p.conv_seq, p.bytes, p.is_welcome, p.day
             FROM unnest($2::bigint[], $3::bigint[], $4::bigint[], $5::int[], $6::boolean[], $7::date[])
                  AS p(device, seq, conv_seq, bytes, is_welcome, day)`,
    values: [
      conversation,
      pointers.map(({ device }) => device),
      pointers.map(({ seq }) => seq),
      pointers.map(({ job }) => job.conv_seq),
      pointers.map(({ job, isWelcome }) => ((isWelcome ? job.welcome : job.body) ?? Buffer.alloc(0)).length),
      pointers.map(({ isWelcome }) => isWelcome),
      pointers.map(({ job }) => job.day),
    ],
  });
  await client.query({
    name: 'fan-out-heads',
    text: `UPDATE delivery.device_queue q SET head_seq = n.head, put_count = n.count, put_bytes = n.bytes
             FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[]) AS n(device_id, head, count, bytes)
            WHERE q.device_id = n.device_id`,
    values: [
      grown,
      grown.map((device) => mailboxes.get(device)?.head),
      grown.map((device) => mailboxes.get(device)?.putCount),
      grown.map((device) => mailboxes.get(device)?.putBytes),
    ],
  });
}

function deliveriesOf(wave: FanoutJob[], pointers: Pointer[]): Delivery[] {
  const byJob = Map.groupBy(pointers, ({ job }) => job);
  return wave.flatMap((job) => {
    const recipients = byJob.get(job);
    const type = downstreamById.get(job.type ?? 0)?.name;
    if (!recipients || job.body === null || type === undefined) return [];
    return [
      {
        type: type as StoredType,
        convSeq: job.conv_seq,
        atMs: job.server_ts_ms,
        receivedAtMs: job.server_ts_ms,
        expiresAt: job.expires_at ?? undefined,
        body: job.body,
        welcome: job.welcome ?? undefined,
        recipients,
      },
    ];
  });
}
