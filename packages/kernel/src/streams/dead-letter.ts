import { type ClientBase, escapeIdentifier } from 'pg';

/** An entry that can never be processed, kept for a person to inspect. */
export type DeadLetter = {
  stream: string;
  entryId: string;
  /** Why, without anything a user wrote. */
  reason: string;
  payload: Buffer;
};

/**
 * Writes to `<schema>.dead_letters(id bigint identity, stream text, entry_id text, reason text, payload bytea, at
 * timestamptz default now())`, in the transaction that moves the cursor past the entry; otherwise it could be lost or
 * doubled.
 */
export async function insertDeadLetter(
  client: ClientBase,
  schema: string,
  letter: DeadLetter,
): Promise<void> {
  await client.query(
    `INSERT INTO ${escapeIdentifier(schema)}.dead_letters (stream, entry_id, reason, payload) VALUES ($1, $2, $3, $4)`,
    [letter.stream, letter.entryId, letter.reason, letter.payload],
  );
}
