import type { Client } from 'pg';
import { classify, RetryableError } from '../../errors.ts';
import { CommitUnknownError, commit } from '../../transaction.ts';
import { insertDeadLetter } from '../dead-letter.ts';
import type { OrderedHandler, Processed, StreamRecord } from './handler.ts';

/** What one transaction does: records in order, and where each stream's cursor moves to. */
export type Batch<R> = {
  records: StreamRecord<R>[];
  /** Entries that could not be decoded; they are parked in the same transaction. */
  unreadable: { stream: string; entryId: string; reason: string; payload: Buffer }[];
  /** Each stream's cursor, as far as this worker knows. */
  from: ReadonlyMap<string, string>;
  /** Id of the last entry by stream. */
  cursors: Map<string, string>;
};

type Work = {
  processed: Processed[];
  /** How many records became dead letters. Entries that could not be decoded are not among them. */
  parked: number;
};

export type BatchOutcome = { lost: string[] } | Work;

/**
 * Runs one batch: BEGIN, fence, the handler's statements, cursors, COMMIT. The client pipelines, so the fence travels
 * with the handler's first reads, and the cursors and COMMIT with its writes: two round trips in all, and more only
 * for writes that depend on each other.
 *
 * Resolves with `lost` (and nothing written) when a partition of the batch now has another owner. Throws a
 * RetryableError when a cursor is not where this worker left it: an earlier COMMIT of its own, whose outcome it did
 * not learn, has only now become visible. A poison record makes the whole batch run again one record at a time, each
 * behind a savepoint, after taking the locks of all; the bad ones become dead letters in the very transaction that
 * moves the cursor past them.
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
) => Promise<Work>;

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
  const processing = process(client, schema, batch, handler);
  try {
    const [{ lost, hasMoved }, work] = await Promise.all([fenced, processing, begun]);
    if (lost.length > 0) {
      await client.query('ROLLBACK');
      return { lost };
    }
    if (hasMoved) throw new RetryableError('A cursor is not where this worker left it');
    await writeAndCommit(client, schema, batch, work.processed);
    return work;
  } catch (error) {
    // It may be between two statements, and what it sends after ROLLBACK would be a separate transaction.
    await processing.catch(() => {
      // `error` is this very error, or the earlier one that caused it.
    });
    // Queued behind whatever is still in flight, so the session is clean for the next batch.
    await client.query('ROLLBACK').catch(() => {
      // The session is gone; the caller learns that from `error` and opens another.
    });
    throw error;
  }
}

/**
 * Writes, cursors and COMMIT leave together, unless the writes take turns: anything sent after COMMIT would be in the
 * next transaction. If COMMIT succeeded, everything before it did; if it failed, the first failed write says why,
 * unless nobody can know (CommitUnknownError).
 */
async function writeAndCommit<R>(
  client: Client,
  schema: string,
  batch: Batch<R>,
  processed: Processed[],
): Promise<void> {
  const written = processed.map((part) => part.write());
  if (processed.some((part) => part.takesTurns)) await Promise.all(written);
  const parked = batch.unreadable.map((letter) => insertDeadLetter(client, schema, letter));
  const sent = [...written, ...parked, moveCursors(client, schema, batch, processed)];
  const writes = Promise.allSettled(sent);
  await refuseUnsent(sent);
  const [committed] = await Promise.allSettled([commit(client)]);
  if (committed.status === 'fulfilled') return;
  const failedWrite = (await writes).find((result) => result.status === 'rejected');
  throw committed.reason instanceof CommitUnknownError
    ? committed.reason
    : (failedWrite?.reason ?? committed.reason);
}

/** A write that fails before it is sent leaves no trace on the server, whose COMMIT would succeed without it. */
async function refuseUnsent(sent: readonly Promise<unknown>[]): Promise<void> {
  const failed: unknown[] = [];
  for (const write of sent) write.catch((error: unknown) => failed.push(error));
  // pg reports its own refusals in the next tick; ours have arrived by then as well
  await new Promise<void>((resolve) => process.nextTick(resolve));
  if (failed.length > 0) throw failed[0];
}

/**
 * Locks the batch's cursor rows; resolves with the streams whose fence is no longer ours, and whether the cursor of
 * one that is ours is not where we think.
 */
async function checkFences<R>(
  client: Client,
  schema: string,
  batch: Batch<R>,
  fences: ReadonlyMap<string, number>,
): Promise<{ lost: string[]; hasMoved: boolean }> {
  const streams = [...batch.cursors.keys()].sort();
  const held = await client.query<{ stream: string; last_id: string }>({
    name: `${schema}.fence`,
    text: `SELECT c.stream, c.last_id FROM ${schema}.stream_cursors c
             JOIN unnest($1::text[], $2::bigint[]) AS mine(stream, fence) USING (stream, fence)
            ORDER BY c.stream FOR UPDATE OF c`,
    values: [streams, streams.map((stream) => fences.get(stream) ?? -1)],
  });
  const ours = new Set(held.rows.map((row) => row.stream));
  return {
    lost: streams.filter((stream) => !ours.has(stream)),
    hasMoved: held.rows.some((row) => row.last_id !== batch.from.get(row.stream)),
  };
}

/** The cursor moves in the same transaction as the data: both happen or neither. */
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

/** Beyond this the gateways' periodic sweep must do; keeps the row small. */
const MAX_TOUCHED = 2000;

const processTogether: Process = async (client, _schema, batch, handler) => ({
  processed: batch.records.length === 0 ? [] : [await handler.process(client, batch.records)],
  parked: 0,
});

const processOneByOne: Process = async (client, schema, batch, handler) => {
  await lockAll(client, batch, handler);
  const processed: Processed[] = [];
  let parked = 0;
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
      parked++;
    }
    await client.query('RELEASE SAVEPOINT one_record');
  }
  return { processed, parked };
};

/** Best effort: a poison record may prevent the locks from being taken, and then the order is that of the records. */
async function lockAll<R>(client: Client, batch: Batch<R>, handler: OrderedHandler<R>): Promise<void> {
  if (!handler.lock) return;
  await client.query('SAVEPOINT locks');
  try {
    await handler.lock(client, batch.records);
  } catch (error) {
    if (classify(error) !== 'poison') throw error;
    await client.query('ROLLBACK TO SAVEPOINT locks');
  }
  await client.query('RELEASE SAVEPOINT locks');
}
