import type { Client } from 'pg';
import { classify } from '../../errors.ts';
import { CommitUnknownError, commit } from '../../transaction.ts';
import { insertDeadLetter } from '../dead-letter.ts';
import type { OrderedHandler, Processed, StreamRecord } from './handler.ts';

/** What one transaction is to do: records in order, and where each stream's cursor goes with them. */
export type Batch<R> = {
  records: StreamRecord<R>[];
  /** Entries that could not be decoded; they are parked in the same transaction. */
  unreadable: { stream: string; entryId: string; reason: string; payload: Buffer }[];
  /** Id of the last entry by stream. */
  cursors: Map<string, string>;
};

export type BatchOutcome = { lost: string[] } | { processed: Processed[] };

/**
 * Runs one batch: BEGIN, fence, the handler's statements, cursors, COMMIT. The client pipelines, so the fence
 * travels with the handler's first reads, and the cursors and COMMIT with its writes: two round trips in all.
 *
 * Resolves with `lost` (and nothing written) when a partition of the batch has another owner by now.
 * A poison record makes the whole batch run again one record at a time, each behind a savepoint; the bad ones
 * become dead letters in the very transaction that moves the cursor past them.
 */
export async function runBatch<R>(
  client: Client,
  schema: string,
  batch: Batch<R>,
  fences: ReadonlyMap<string, number>,
  handler: OrderedHandler<R>,
): Promise<BatchOutcome> {
  try {
    return await attempt(client, schema, batch, fences, handler, processTogether);
  } catch (error) {
    if (classify(error) !== 'poison') throw error;
    return await attempt(client, schema, batch, fences, handler, processOneByOne);
  }
}

type Process = <R>(
  client: Client,
  schema: string,
  batch: Batch<R>,
  handler: OrderedHandler<R>,
) => Promise<Processed[]>;

async function attempt<R>(
  client: Client,
  schema: string,
  batch: Batch<R>,
  fences: ReadonlyMap<string, number>,
  handler: OrderedHandler<R>,
  process: Process,
): Promise<BatchOutcome> {
  const begun = client.query('BEGIN');
  const fenced = checkFences(client, schema, batch, fences);
  try {
    const [lost, processed] = await Promise.all([fenced, process(client, schema, batch, handler), begun]);
    if (lost.length > 0) {
      await client.query('ROLLBACK');
      return { lost };
    }
    await writeAndCommit(client, schema, batch, processed);
    return { processed };
  } catch (error) {
    // Queued behind whatever is still on its way, so the session is clean for the next batch.
    await client.query('ROLLBACK').catch(() => {
      // The session is gone; the caller learns that from `error` and opens another.
    });
    throw error;
  }
}

/**
 * Writes, cursors and COMMIT leave together. If COMMIT succeeded, everything before it did; if it failed, the first
 * failed write says why, unless nobody can know (CommitUnknownError).
 */
async function writeAndCommit<R>(
  client: Client,
  schema: string,
  batch: Batch<R>,
  processed: Processed[],
): Promise<void> {
  const written = processed.map((part) => part.write());
  const parked = batch.unreadable.map((letter) => insertDeadLetter(client, schema, letter));
  const writes = Promise.allSettled([...written, ...parked, moveCursors(client, schema, batch, processed)]);
  const [committed] = await Promise.allSettled([commit(client)]);
  if (committed.status === 'fulfilled') return;
  const failedWrite = (await writes).find((result) => result.status === 'rejected');
  throw committed.reason instanceof CommitUnknownError
    ? committed.reason
    : (failedWrite?.reason ?? committed.reason);
}

/** Locks the cursor rows of the batch; resolves with the streams whose fence is not ours any more. */
async function checkFences<R>(
  client: Client,
  schema: string,
  batch: Batch<R>,
  fences: ReadonlyMap<string, number>,
): Promise<string[]> {
  const streams = [...batch.cursors.keys()].sort();
  const held = await client.query<{ stream: string }>({
    name: `${schema}.fence`,
    text: `SELECT c.stream FROM ${schema}.stream_cursors c
             JOIN unnest($1::text[], $2::bigint[]) AS mine(stream, fence) USING (stream, fence)
            ORDER BY c.stream FOR UPDATE OF c`,
    values: [streams, streams.map((stream) => fences.get(stream) ?? -1)],
  });
  const ours = new Set(held.rows.map((row) => row.stream));
  return streams.filter((stream) => !ours.has(stream));
}

/** The cursor moves in the transaction of the data: both happen or neither. */
function moveCursors<R>(
  client: Client,
  schema: string,
  batch: Batch<R>,
  processed: Processed[],
): Promise<unknown> {
  const streams = [...batch.cursors.keys()].sort();
  const touched = streams.map((stream) => {
    const numbers = new Set(processed.flatMap((part) => part.touched.get(stream) ?? []));
    return `{${[...numbers].slice(0, MAX_TOUCHED).join(',')}}`;
  });
  return client.query({
    name: `${schema}.cursor`,
    text: `UPDATE ${schema}.stream_cursors c SET last_id = n.last_id, last_batch = n.touched::bigint[]
             FROM unnest($1::text[], $2::text[], $3::text[]) AS n(stream, last_id, touched)
            WHERE c.stream = n.stream`,
    values: [streams, streams.map((stream) => batch.cursors.get(stream)), touched],
  });
}

/** Beyond this the periodic sweep of the gateways has to do; a row stays small. */
const MAX_TOUCHED = 2000;

const processTogether: Process = async (client, _schema, batch, handler) =>
  batch.records.length === 0 ? [] : [await handler.process(client, batch.records)];

const processOneByOne: Process = async (client, schema, batch, handler) => {
  const processed: Processed[] = [];
  for (const record of batch.records) {
    await client.query('SAVEPOINT one_record');
    try {
      const part = await handler.process(client, [record]);
      await part.write();
      processed.push({ ...part, write: async () => {} });
    } catch (error) {
      if (classify(error) !== 'poison') throw error;
      await client.query('ROLLBACK TO SAVEPOINT one_record');
      const reason = error instanceof Error ? error.message : 'not an error';
      await insertDeadLetter(client, schema, { ...record, reason, payload: handler.encode(record.value) });
      processed.push(handler.parked(record.value));
    }
    await client.query('RELEASE SAVEPOINT one_record');
  }
  return processed;
};
