import { CommitUnknownError, classify, type Logger } from '@securechat/kernel';
import { type ErrorBody, errorMessage, ProtocolError } from '@securechat/protocol';
import type { FastifyError, FastifyReply } from 'fastify';
import { AdminRefused, adminRefusals } from '../admin/refused.ts';
import { type EnrolmentOutcome, EnrolmentRefused, refusals } from '../enrolment/outcome.ts';

export type HttpFailure = {
  outcome: EnrolmentOutcome;
  status: number;
  body: ErrorBody & { advice?: string };
};

/** Retry delay for clients when a server behind us was down. */
const UNAVAILABLE_RETRY_MS = 1000;

/** What the client is told of an error, in the form of the protocol's `error`. */
export function describeFailure(error: unknown): HttpFailure {
  if (error instanceof EnrolmentRefused) {
    const { status, error: name } = refusals[error.refusal];
    return { outcome: error.refusal, status, body: errorMessage(name, error.detail) };
  }
  if (error instanceof AdminRefused) {
    const { status, error: name, advice } = adminRefusals[error.refusal];
    return { outcome: 'bad_form', status, body: { ...errorMessage(name), advice } };
  }
  if (error instanceof ProtocolError) {
    return { outcome: 'bad_form', status: 400, body: errorMessage(error.error, error.detail) };
  }
  if (isFastifyError(error)) return describeFastifyError(error);
  const retry = { retry_after_ms: UNAVAILABLE_RETRY_MS };
  if (error instanceof CommitUnknownError || classify(error) === 'retryable') {
    return { outcome: 'unavailable', status: 503, body: errorMessage('SERVER_UNAVAILABLE', retry) };
  }
  return { outcome: 'failed', status: 500, body: errorMessage('SERVER_UNAVAILABLE') };
}

export async function sendFailure(reply: FastifyReply, { status, body }: HttpFailure): Promise<void> {
  if (body.retry_after_ms !== undefined) reply.header('retry-after', Math.ceil(body.retry_after_ms / 1000));
  await reply.code(status).send(body);
}

/** Logs only what is not the client's fault. */
export function logFailure(logger: Logger, err: unknown, { outcome }: HttpFailure): void {
  if (outcome === 'failed') logger.error({ err }, 'http request failed');
  if (outcome === 'unavailable') logger.warn({ err }, 'http request not served');
}

/** Fastify's own refusals: a body too large, of another type, or invalid against the route's schema. */
function describeFastifyError(error: FastifyError): HttpFailure {
  const [fault] = error.validation ?? [];
  if (fault) {
    const part = error.validationContext === 'body' ? '' : `/${error.validationContext}`;
    const path = `${part}${fault.instancePath} ${fault.keyword}`.trim().slice(0, 96);
    return { outcome: 'bad_form', status: 400, body: errorMessage('INVALID_MESSAGE_FORMAT', { path }) };
  }
  const status = error.statusCode ?? 500;
  if (status >= 500) return { outcome: 'failed', status: 500, body: errorMessage('SERVER_UNAVAILABLE') };
  const name = status === 413 ? 'FRAME_TOO_LARGE' : 'INVALID_MESSAGE_FORMAT';
  return { outcome: 'bad_form', status, body: errorMessage(name) };
}

function isFastifyError(error: unknown): error is FastifyError {
  return error instanceof Error && 'code' in error && String(error.code).startsWith('FST_');
}
