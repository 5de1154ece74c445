import { rowsOf } from '@securechat/testkit';

/** What the server has still to give out: pointers in mailboxes, and messages to large groups without all of theirs. */
export async function underWay(postgresUrl: string): Promise<number> {
  const [row] = await rowsOf<{ count: number }>(
    postgresUrl,
    `SELECT ((SELECT count(*) FROM delivery.mailbox m JOIN auth.devices d ON d.id = m.device_id AND d.revoked_at IS NULL)
             + (SELECT count(*) FROM delivery.fanout_jobs))::int AS count`,
  );
  return row?.count ?? 0;
}

export type Place = { conversation: string; place: number; userId: string; deviceId: string };

/**
 * Where a message is that a device does not show: whose fault it is. `waits`: the device has not acknowledged it. `taken`: it has.
 * `not entitled`: the server had not let the device in by then.
 */
export async function whereabouts(
  postgresUrl: string,
  { conversation, place, userId, deviceId }: Place,
): Promise<string> {
  type Row = {
    entitled: boolean;
    waits: boolean;
    fanning: boolean;
    acked: string | null;
    head: string | null;
  };
  const [row] = await rowsOf<Row>(
    postgresUrl,
    `SELECT EXISTS (SELECT 1 FROM delivery.conv_devices e WHERE e.conv_id = c.id AND e.device_id = d.id AND e.joined_seq < $2
                       AND (e.left_seq IS NULL OR e.left_seq >= $2)) AS entitled,
            EXISTS (SELECT 1 FROM delivery.mailbox m WHERE m.device_id = d.id AND m.conv_id = c.id AND m.conv_seq = $2) AS waits,
            EXISTS (SELECT 1 FROM delivery.fanout_jobs f WHERE f.conv_id = c.id AND f.conv_seq = $2) AS fanning,
            (SELECT acked_seq FROM delivery.device_acks a WHERE a.device_id = d.id) AS acked,
            (SELECT head_seq FROM delivery.device_queue q WHERE q.device_id = d.id) AS head
       FROM delivery.conversations c, auth.devices d JOIN auth.users u ON u.id = d.user_id
      WHERE c.ext_id = $1 AND u.ext_id = $3 AND d.ext_id = $4`,
    [conversation, place, userId, deviceId],
  );
  if (!row) return 'the server knows neither';
  const fate = row.waits
    ? 'waits'
    : row.fanning
      ? 'is being given out'
      : row.entitled
        ? 'taken'
        : 'not entitled';
  return `${fate}, acknowledged ${row.acked} of ${row.head}`;
}
