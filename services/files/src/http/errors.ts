import { CommitUnknownError, classify, type Logger } from '@securechat/kernel';
import { type ErrorBody, type ErrorName, errorMessage, ProtocolError } from '@securechat/protocol';
import type { FastifyError, FastifyReply } from 'fastify';

export type HttpFailure = { status: number; body: ErrorBody };

/** Errors with another status than 400. */
const STATUS: Partial<Record<ErrorName, number>> = {
  AUTHENTICATION_FAILED: 401,
  PERMISSION_DENIED: 404,
  ID_REUSED: 409,
  UNEXPECTED_MESSAGE: 409,
  FILE_INCOMPLETE: 409,
  FILE_CORRUPT: 422,
  FRAME_TOO_LARGE: 413,
  RATE_LIMITED: 429,
  STORAGE_FULL: 507,
  SERVER_UNAVAILABLE: 503,
  UNKNOWN_TYPE: 404,
};

/** What the client is told of an error, in the form of the protocol's `error`. */
export function describeFailure(error: unknown): HttpFailure {
  if (error instanceof ProtocolError)
    return { status: STATUS[error.error] ?? 400, body: errorMessage(error.error, error.detail) };
  if (isFastifyError(error) && (error.statusCode ?? 500) < 500) {
    const name = error.statusCode === 413 ? 'FRAME_TOO_LARGE' : 'INVALID_MESSAGE_FORMAT';
    return { status: error.statusCode ?? 400, body: errorMessage(name) };
  }
  if (error instanceof CommitUnknownError || classify(error) === 'retryable')
    return { status: 503, body: errorMessage('SERVER_UNAVAILABLE', { retry_after_ms: 1_000 }) };
  return { status: 500, body: errorMessage('SERVER_UNAVAILABLE') };
}

export async function sendFailure(reply: FastifyReply, { status, body }: HttpFailure): Promise<void> {
  if (body.retry_after_ms !== undefined) reply.header('retry-after', Math.ceil(body.retry_after_ms / 1000));
  // a route may have set a more specific one, such as 416; but headers about bytes that are not sent are no longer
  // true
  if (reply.statusCode < 400) {
    reply.code(status);
    for (const name of ['content-range', 'etag']) reply.removeHeader(name).raw.removeHeader(name);
  }
  reply.header('cache-control', 'no-store');
  await reply.type('application/json').send(body);
}

/** Logs only what is not the client's fault. */
export function logFailure(logger: Logger, err: unknown, { status }: HttpFailure): void {
  if (status === 500) logger.error({ err }, 'http request failed');
  if (status === 503) logger.warn({ err }, 'http request not served');
}

function isFastifyError(error: unknown): error is FastifyError {
  return error instanceof Error && 'code' in error && String(error.code).startsWith('FST_');
}
