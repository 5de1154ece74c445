import type { Connection } from '../connection/connection.ts';

/**
 * The answer of another service to what a client asks. Without one in time the client is told that it may ask again: all
 * such questions can be repeated.
 */
export async function answerInTime<T>(
  connection: Connection,
  { id: reference_id }: { id: string },
  asked: Promise<T>,
): Promise<T | undefined> {
  try {
    return await asked;
  } catch (err) {
    connection.context.logger.warn({ err }, 'a question of a client got no answer');
    connection.sendError('NETWORK_TIMEOUT', { reference_id, retry_after_ms: 1_000 });
    return undefined;
  }
}
