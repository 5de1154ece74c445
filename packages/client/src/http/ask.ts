import {
  concat,
  DEFAULT_RETRY_POLICY,
  type Downstream,
  decodeDownstream,
  downstream,
  ProtocolError,
  parseJsonObject,
  retryDelayMs,
} from '@securechat/protocol';
import { type Clock, sleep, systemClock, withDeadline } from '../clock.ts';
import { SecureChatError, ServerBrokeProtocol, ServerRefused, ServerUnreachable } from '../errors.ts';

/** One attempt: the service's own wait for its database, plus a slow network. */
const ATTEMPT_MS = 15_000;
/** Device lists of ten devices are about 4 KiB. */
const MAX_ANSWER_BYTES = 64 * 1024;

export type AskOptions = { signal?: AbortSignal | undefined; clock?: Clock; random?: () => number };

/**
 * Sends a request to a service and returns its answer, a JSON object. Retries by the policy when there is no answer or it says "later":
 * every request here is safe to repeat. Rejects with `ServerRefused`, `ServerUnreachable` or `ServerBrokeProtocol`.
 */
export async function ask(
  url: string,
  body: object | undefined,
  { signal, clock = systemClock, random = Math.random }: AskOptions = {},
): Promise<Record<string, unknown>> {
  for (let retries = 1; ; retries++) {
    try {
      const late = () => new ServerUnreachable(`No answer from ${url} within ${ATTEMPT_MS} ms`);
      return await withDeadline(clock, ATTEMPT_MS, signal, late, (until) => askOnce(url, body, until));
    } catch (error) {
      const delayMs = retryDelayMs(DEFAULT_RETRY_POLICY, retries, random());
      if (!(error instanceof SecureChatError) || !error.isRetryable || delayMs === undefined) throw error;
      const askedForMs = error instanceof ServerRefused ? (error.retryAfterMs ?? 0) : 0;
      // a delay of minutes is reported to the caller instead of waited for
      if (askedForMs > DEFAULT_RETRY_POLICY.max_delay_ms) throw error;
      await sleep(clock, Math.max(delayMs, askedForMs), signal);
    }
  }
}

async function askOnce(
  url: string,
  body: object | undefined,
  signal: AbortSignal,
): Promise<Record<string, unknown>> {
  const request =
    body === undefined
      ? {}
      : { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
  let response: Response;
  let bytes: Uint8Array;
  try {
    // no cookies and no redirects: nobody but the addressed server learns anything
    response = await fetch(url, { ...request, signal, credentials: 'omit', redirect: 'error' });
    bytes = await readAll(response);
  } catch (cause) {
    signal.throwIfAborted();
    if (cause instanceof SecureChatError) throw cause;
    throw new ServerUnreachable(`${url} cannot be reached`, { cause });
  }
  if (!response.ok) throw refusalOf(url, response.status, bytes);
  return parsed(url, bytes);
}

async function readAll(response: Response): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let length = 0;
  const reader = response.body?.getReader();
  for (let part = await reader?.read(); part?.value; part = await reader?.read()) {
    parts.push(part.value);
    length += part.value.length;
    if (length > MAX_ANSWER_BYTES) {
      await reader?.cancel();
      throw new ServerBrokeProtocol(`The answer of ${response.url} is too long`);
    }
  }
  return concat(...parts);
}

function parsed(url: string, bytes: Uint8Array): Record<string, unknown> {
  try {
    return parseJsonObject(bytes);
  } catch (cause) {
    if (!(cause instanceof ProtocolError)) throw cause;
    throw new ServerBrokeProtocol(`The answer of ${url} is no JSON object`, { cause });
  }
}

/** Errors have the protocol's form; any other was written by something in between. */
function refusalOf(url: string, status: number, bytes: Uint8Array): SecureChatError {
  try {
    return new ServerRefused(decodeDownstream(downstream.error.id, bytes) as Downstream<'error'>);
  } catch (cause) {
    if (!(cause instanceof ProtocolError)) throw cause;
    return new ServerUnreachable(`${url} was answered with status ${status}`, { cause });
  }
}
