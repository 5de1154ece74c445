import type { Client } from 'pg';

/** What was stored earlier under a sender's message id. */
export type KnownMessage = { hash: Buffer; conversation: string; convSeq: number; serverTsMs: number };

export const knownKey = (device: number, id: string): string => `${device}:${id}`;

export type WantedIds = {
  /** Messages whose ids are to be looked up. */
  ids: { device: number; id: string }[];
  /** The days (`YYYY-MM-DD`) on which a message with such an id may have been received. */
  days: string[];
};

/**
 * LATERAL with LIMIT keeps it at one index probe per id and day, whatever the planner thinks of the table's size.
 * Each day must be listed: the index starts with it, and before Postgres 18 a range of days would scan all their ids
 * for each id sought.
 */
export async function findKnown(client: Client, wanted: WantedIds): Promise<Map<string, KnownMessage>> {
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
                  SELECT m.* FROM unnest($3::date[]) AS d(day)
                   CROSS JOIN LATERAL (
                         SELECT hash, conv_id, conv_seq, server_ts_ms FROM delivery.messages
                          WHERE day = d.day AND sender_device = k.device AND msg_id = k.id LIMIT 1) m
                   LIMIT 1) m
             JOIN delivery.conversations c ON c.id = m.conv_id`,
    values: [wanted.ids.map((key) => key.device), wanted.ids.map((key) => key.id), wanted.days],
  });
  return new Map(
    found.rows.map((row) => [
      knownKey(row.device, row.id),
      { hash: row.hash, conversation: row.ext_id, convSeq: row.conv_seq, serverTsMs: row.server_ts_ms },
    ]),
  );
}
