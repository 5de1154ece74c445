import { sleep } from '@securechat/kernel';
import { ProtocolError } from '@securechat/protocol';
import type { FilesRequests, Refused } from '@securechat/protocol/internal';
import type { Connection } from '../connection/connection.ts';
import { refuse } from '../connection/refuse.ts';
import type { PlainFileQuestion } from '../streams/requests.ts';
import { sessionOf } from './session-of.ts';

/** Transfers are throttled to the user's limit by waiting; for longer waits the client is told to retry. */
const LONGEST_WAIT_MS = 30_000;

/** An answer refers to a message about a file by the message's id, or else by that of the file. */
export type FileMessage = { id?: string | undefined; file_id?: string | undefined };
type Question<K extends PlainFileQuestion> = Omit<FilesRequests[K]['ask'], 'user' | 'device' | 'user_id'>;

/** Asks the files service on behalf of this session, rate-limited, and passes its answer on. */
export function askFiles<K extends PlainFileQuestion>(
  connection: Connection,
  message: FileMessage,
  kind: K,
  question: Question<K>,
): Promise<void> | undefined {
  const { clock, requests } = connection.context;
  const retryAfterMs = connection.rates.take('files', clock.monotonicMs());
  if (retryAfterMs > 0)
    throw new ProtocolError('RATE_LIMITED', {
      scope: 'files',
      retry_after_ms: retryAfterMs,
      ...referenceOf(message),
    });
  return besideOthers(connection, message, async () => {
    const ask = { ...askerOf(connection), ...question } as FilesRequests[K]['ask'];
    const { status } = accepted(await fileAnswer(connection, requests.askFiles(kind, ask)));
    connection.send('file_status', { type: 'file_status', ...refOf(message), ...status });
  });
}

/** Handles a message about a file beside the frames that follow, and reports errors to the client. */
export function besideOthers(
  connection: Connection,
  message: FileMessage,
  work: () => Promise<void>,
): Promise<void> | undefined {
  return connection.fileWindow.run(async () => {
    try {
      if (connection.state === 'ready') await work();
    } catch (error) {
      const isTold = error instanceof ProtocolError;
      refuse(
        connection,
        isTold ? new ProtocolError(error.error, { ...error.detail, ...referenceOf(message) }) : error,
      );
    }
  });
}

export function askerOf(connection: Connection): { user: number; device: number; user_id: string } {
  const { user, device, userId } = sessionOf(connection);
  return { user, device, user_id: userId };
}

export const refOf = ({ id }: FileMessage): { ref?: string } => (id === undefined ? {} : { ref: id });

function referenceOf({ id, file_id }: FileMessage): { reference_id?: string } {
  const reference = id ?? file_id;
  return reference === undefined ? {} : { reference_id: reference };
}

/** On timeout the client is told that it may ask again: all these requests are idempotent. */
export async function fileAnswer<T>({ context }: Connection, asked: Promise<T>): Promise<T> {
  try {
    return await asked;
  } catch (err) {
    context.logger.warn({ err }, 'a question about a file got no answer');
    throw new ProtocolError('NETWORK_TIMEOUT', { retry_after_ms: 1_000 });
  }
}

export function accepted<A extends { ok: true }>(answer: A | Refused): A {
  if (answer.ok) return answer;
  throw new ProtocolError(answer.error, answer.detail);
}

/** Waits until this user may send or receive this many bytes of files. */
export async function waitForTurn(connection: Connection, bytes: number): Promise<void> {
  const { context, session } = connection;
  const { fileBudget, metrics, logger } = context;
  const grant = await fileBudget.take(session?.user ?? 0, bytes, LONGEST_WAIT_MS).catch((err: unknown) => {
    logger.debug({ err }, 'file limit not reachable');
    throw new ProtocolError('SERVER_UNAVAILABLE', { retry_after_ms: 1_000 });
  });
  if (!grant.isTaken) {
    metrics.limited('file_bytes_per_minute');
    throw new ProtocolError('RATE_LIMITED', { scope: 'file_bytes', retry_after_ms: grant.retryAfterMs });
  }
  await sleep(grant.waitMs);
  // it may have been cut off meanwhile, because its device was revoked
  if (connection.state !== 'ready') throw new ProtocolError('CONNECTION_LOST');
}
