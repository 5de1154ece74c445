import { type HistoryEvent, rowsOf } from '@securechat/testkit';

export type StoredRow = { conversation: string; conv_seq: number; msg_id: string; server_ts_ms: number };

/** Everything that is stored, group operations included, in the order of its conversations. */
export function readStoredMessages(postgresUrl: string): Promise<StoredRow[]> {
  return rowsOf<StoredRow>(
    postgresUrl,
    `SELECT c.ext_id AS conversation, m.conv_seq::int, m.msg_id, m.server_ts_ms::float8
       FROM delivery.messages m JOIN delivery.conversations c ON c.id = m.conv_id
      ORDER BY c.ext_id, m.conv_seq`,
  );
}

export type StoredMark = { conversation: string; user: string; delivered: number; read: number };

/** The marks of each member, over all of its stays. */
export function readStoredMarks(postgresUrl: string): Promise<StoredMark[]> {
  return rowsOf<StoredMark>(
    postgresUrl,
    `SELECT c.ext_id AS conversation, m.user_name AS user,
            max(m.delivered_seq)::int AS delivered, max(m.read_seq)::int AS read
       FROM delivery.conv_members m JOIN delivery.conversations c ON c.id = m.conv_id
      GROUP BY c.ext_id, m.user_name`,
  );
}

/** Whatever a receipt has told is stored, for good. Violations, in words. */
export function markViolations(rows: readonly StoredMark[], events: readonly HistoryEvent[]): string[] {
  const told = new Map<string, { delivered: number; read: number }>();
  for (const event of events) {
    if (event.type !== 'receipt') continue;
    const key = `${event.conversation_id} ${event.user_id}`;
    const { delivered, read } = told.get(key) ?? { delivered: 0, read: 0 };
    told.set(key, {
      delivered: Math.max(delivered, event.delivered_through),
      read: Math.max(read, event.read_through),
    });
  }
  const stored = new Map(rows.map((row) => [`${row.conversation} ${row.user}`, row]));
  return [...told].flatMap(([key, { delivered, read }]) => {
    const row = stored.get(key);
    if (row && row.delivered >= delivered && row.read >= read) return [];
    const what = row ? `${row.delivered}/${row.read} are stored` : 'nothing is stored';
    return [`I7: of ${key} marks of ${delivered}/${read} were told and ${what}`];
  });
}

/** No ack without its row, none of them twice, and no place in a conversation left empty. Violations, in words. */
export function storageViolations(rows: readonly StoredRow[], events: readonly HistoryEvent[]): string[] {
  const violations: string[] = [];
  const placeOf = new Map<string, string>();
  for (const { msg_id, conversation, conv_seq } of rows) {
    if (placeOf.has(msg_id)) violations.push(`I2: ${msg_id} is stored twice`);
    placeOf.set(msg_id, `${conversation} ${conv_seq}`);
  }
  for (const event of events) {
    if (event.type !== 'send' || event.phase !== 'ok') continue;
    const acknowledged = `${event.conversation_id} ${event.conv_seq}`;
    const place = placeOf.get(event.id);
    if (place !== acknowledged) {
      violations.push(`I1: ${event.id} was acked at ${acknowledged} and is stored at ${place ?? 'no place'}`);
    }
  }
  for (const [conversation, list] of Map.groupBy(rows, (row) => row.conversation)) {
    const hole = list.findIndex(({ conv_seq }, index) => conv_seq !== index + 1);
    if (hole >= 0) violations.push(`I3: ${conversation} has nothing at place ${hole + 1}`);
  }
  return violations;
}
