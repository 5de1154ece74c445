import { randomBytes } from 'node:crypto';
import type { Pool } from 'pg';

/** Rows that auth and delivery would have written: people with devices, and their waiting messages. */
export function createMailboxes(pool: Pool) {
  async function insert(sql: string, values: unknown[]): Promise<number> {
    const { rows } = await pool.query<{ id: number }>(sql, values);
    return rows[0]?.id ?? 0;
  }

  return {
    async person(): Promise<number> {
      return await insert('INSERT INTO auth.users (ext_id, account_key) VALUES ($1, $2) RETURNING id', [
        randomBytes(8).toString('hex'),
        randomBytes(32),
      ]);
    },
    async device(user: number): Promise<number> {
      const device = await insert(
        'INSERT INTO auth.devices (user_id, ext_id, public_key) VALUES ($1, $2, $3) RETURNING id',
        [user, randomBytes(8).toString('hex'), randomBytes(32)],
      );
      await pool.query('INSERT INTO delivery.device_queue (device_id, user_id) VALUES ($1, $2)', [
        device,
        user,
      ]);
      await pool.query('INSERT INTO delivery.device_acks (device_id) VALUES ($1)', [device]);
      return device;
    },
    /** A message takes the mailbox's next place. */
    async put(device: number, sender: number): Promise<void> {
      const place = Math.floor(Math.random() * 2 ** 40);
      await pool.query(
        `INSERT INTO delivery.messages (day, conv_id, conv_seq, sender_device, msg_id, hash, type, server_ts_ms, body)
         VALUES (current_date, $1, 1, $2, $3, '', 769, 0, '')`,
        [place, sender, randomBytes(8).toString('hex')],
      );
      await pool.query(
        `WITH moved AS (UPDATE delivery.device_queue SET head_seq = head_seq + 1 WHERE device_id = $1 RETURNING head_seq)
         INSERT INTO delivery.mailbox (device_id, seq, conv_id, conv_seq, day, bytes)
         SELECT $1, head_seq, $2, 1, current_date, 0 FROM moved`,
        [device, place],
      );
    },
    /** The device has fetched all of it. */
    async take(device: number): Promise<void> {
      await pool.query(
        `UPDATE delivery.device_acks a SET acked_seq = q.head_seq FROM delivery.device_queue q
          WHERE q.device_id = a.device_id AND a.device_id = $1`,
        [device],
      );
      await pool.query('DELETE FROM delivery.mailbox WHERE device_id = $1', [device]);
    },
  };
}
