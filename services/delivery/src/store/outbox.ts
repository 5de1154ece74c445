import type { ClientBase, Pool } from 'pg';
import type { Policy } from '../rules/policy.ts';

/** Messages expanded together. */
const MESSAGES_AT_ONCE = 20;
/** Body bytes expanded together; the first message may exceed this. */
const BYTES_AT_ONCE = 1024 * 1024;
const CONVERSATIONS_AT_ONCE = 200;

/** A message in the outbox and its progress: devices up to `after_device` have their pointers. */
export type FanoutJob = {
  conv_seq: number;
  day: string;
  after_device: number;
  type: number | null;
  sender_device: number;
  server_ts_ms: number;
  expires_at: number | null;
  body: Buffer | null;
  welcome: Buffer | null;
};
export type Recipient = { device_id: number; user_id: number; joined_seq: number; left_seq: number | null };

/** A random sample of conversations with outbox entries, so that none starves another; and the total number of entries. */
export async function findWaiting(pool: Pool): Promise<{ conversations: number[]; jobs: number }> {
  const found = await pool.query<{ conv_id: number; jobs: number }>(
    `SELECT conv_id, (sum(count(*)) OVER ())::bigint AS jobs FROM delivery.fanout_jobs
      GROUP BY conv_id ORDER BY random() LIMIT ${CONVERSATIONS_AT_ONCE}`,
  );
  return { conversations: found.rows.map(({ conv_id }) => conv_id), jobs: found.rows[0]?.jobs ?? 0 };
}

/** The oldest messages with equal progress; at the start, as many as may begin together. */
export async function readWave(client: ClientBase, conversation: number): Promise<FanoutJob[]> {
  const found = await client.query<FanoutJob>({
    name: 'read-wave',
    text: `SELECT j.conv_seq, j.day::text, j.after_device, m.type, m.sender_device, m.server_ts_ms, m.expires_at, m.body, m.welcome
             FROM (SELECT * FROM delivery.fanout_jobs WHERE conv_id = $1 ORDER BY conv_seq LIMIT ${MESSAGES_AT_ONCE}) j
             LEFT JOIN delivery.messages m ON m.day = j.day AND m.conv_id = j.conv_id AND m.conv_seq = j.conv_seq
            ORDER BY j.conv_seq`,
    values: [conversation],
  });
  const after = found.rows[0]?.after_device;
  let bytes = 0;
  const end = found.rows.findIndex((job, index) => {
    bytes += job.body?.length ?? 0;
    return job.after_device !== after || (after === 0 && index > 0 && bytes > BYTES_AT_ONCE);
  });
  return end < 0 ? found.rows : found.rows.slice(0, end);
}

/** The next devices, with each period in which they took part. Revoked devices are skipped: nobody will fetch for them. */
export async function readRecipients(
  client: ClientBase,
  conversation: number,
  first: FanoutJob,
  most: number,
): Promise<Recipient[]> {
  const found = await client.query<Recipient>({
    name: 'read-recipients',
    text: `SELECT d.device_id, d.user_id, d.joined_seq, d.left_seq
             FROM (SELECT DISTINCT device_id FROM delivery.conv_devices e
                    WHERE conv_id = $1 AND device_id > $2 AND (left_seq IS NULL OR left_seq > $3)
                      AND NOT EXISTS (SELECT FROM auth.devices a WHERE a.id = e.device_id AND a.revoked_at IS NOT NULL)
                    ORDER BY device_id LIMIT $4) next
             JOIN delivery.conv_devices d ON d.conv_id = $1 AND d.device_id = next.device_id
            ORDER BY d.device_id`,
    values: [conversation, first.after_device, first.conv_seq, most],
  });
  return found.rows;
}

export async function moveJobs(
  client: ClientBase,
  conversation: number,
  wave: FanoutJob[],
  reached: number | undefined,
): Promise<void> {
  await client.query({
    name: 'move-jobs',
    text: 'UPDATE delivery.fanout_jobs SET after_device = $3 WHERE conv_id = $1 AND conv_seq = ANY($2)',
    values: [conversation, wave.map((job) => job.conv_seq), reached],
  });
}

export async function endJobs(client: ClientBase, conversation: number, wave: FanoutJob[]): Promise<void> {
  await client.query({
    name: 'end-jobs',
    text: 'DELETE FROM delivery.fanout_jobs WHERE conv_id = $1 AND conv_seq = ANY($2)',
    values: [conversation, wave.map((job) => job.conv_seq)],
  });
}

export async function devicesUpTo(
  client: ClientBase,
  conversation: number,
  first: FanoutJob,
): Promise<number[]> {
  const found = await client.query<{ device_id: number }>({
    name: 'devices-reached',
    text: `SELECT DISTINCT device_id FROM delivery.conv_devices
            WHERE conv_id = $1 AND device_id <= $2 AND (left_seq IS NULL OR left_seq > $3)`,
    values: [conversation, first.after_device, first.conv_seq],
  });
  return found.rows.map(({ device_id }) => device_id);
}

/**
 * Switches a conversation that is small again, with an empty outbox, back to inline delivery. Under its lock, so that
 * no message arrives between the check and the switch.
 */
export async function backToInline(
  client: ClientBase,
  conversation: number,
  policy: Policy,
): Promise<boolean> {
  await client.query('SELECT FROM delivery.conversations WHERE id = $1 FOR NO KEY UPDATE', [conversation]);
  const changed = await client.query(
    `UPDATE delivery.conversations c SET fanout = 'inline'
      WHERE id = $1 AND fanout = 'outbox'
        AND NOT EXISTS (SELECT FROM delivery.fanout_jobs WHERE conv_id = $1)
        AND (SELECT count(*) FROM (SELECT FROM delivery.conv_devices
                                    WHERE conv_id = $1 AND left_seq IS NULL LIMIT $2 + 1) d) <= $2`,
    [conversation, policy.maxInlineDevices],
  );
  return changed.rowCount === 1;
}
