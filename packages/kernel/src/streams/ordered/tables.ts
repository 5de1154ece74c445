/**
 * Tables that an ordered consumer needs, in the schema of the service that runs it. For use in its migration;
 * `schema` is a constant of the code, never input.
 *
 * `fence` grows with each change of owner. It is checked in the transaction that moves the cursor, so a process that
 * was paused and lost its partition can no longer write, whatever it believes. `last_batch` holds what the last
 * transaction touched (for delivery: devices), so that a new owner can repeat announcements that the old one may not
 * have made before it died.
 */
export function orderedConsumerTables(schema: string): string {
  return `
    CREATE TABLE ${schema}.stream_workers (
      id text PRIMARY KEY,
      lease_until timestamptz NOT NULL
    );
    CREATE TABLE ${schema}.stream_cursors (
      stream text PRIMARY KEY,
      owner text,
      fence bigint NOT NULL DEFAULT 0,
      last_id text NOT NULL DEFAULT '0-0',
      last_batch bigint[] NOT NULL DEFAULT '{}'
    ) WITH (fillfactor = 50);
    CREATE TABLE ${schema}.dead_letters (
      id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
      stream text NOT NULL,
      entry_id text NOT NULL,
      reason text NOT NULL,
      payload bytea NOT NULL,
      at timestamptz NOT NULL DEFAULT now()
    );`;
}

/** Each worker's load, 0 to 1: in a migration of its own, since tables without it exist. */
export const orderedWorkersBusy = (schema: string): string =>
  `ALTER TABLE ${schema}.stream_workers ADD COLUMN busy real`;
