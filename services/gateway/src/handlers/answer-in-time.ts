import type { Connection } from '../connection/connection.ts';

/**
 * Another service's answer to a client's question. On timeout the client is told that it may ask again: all such
 * questions are idempotent.
 */
export async function answerInTime<T>(
  connection: Connection,
  { id: reference_id }: { id: string },
  asked: Promise<T>,
): Promise<T | undefined> {
  try {
    return await asked;
  } catch (err) {
    connection.context.logger.warn({ err }, "a client's question got no answer");
    connection.sendError('NETWORK_TIMEOUT', { reference_id, retry_after_ms: 1_000 });
    return undefined;
  }
}
