import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { checkerOf, type Schema } from '@securechat/protocol';
import { CommandFailed, exitCodes } from '../../failures.ts';
import { jsonIn } from '../json-in.ts';
import type { ApiCall } from './calls.ts';
import { isWorthRepeating, refusalOf, waitAskedForMs } from './refusal.ts';
import { type AdminAnswer, type AdminRequest, type Transport, Unreachable } from './transport.ts';

/** Auth's own wait for Postgres and Redis, plus a slow network. */
const ATTEMPT_MS = 20_000;
const ATTEMPTS = 3;
/** A person is waiting: longer delays are reported instead of waited for. */
const LONGEST_WAIT_MS = 10_000;

type Ask = { params?: Record<string, string>; query?: Record<string, string>; body?: object };

export type AdminApi = {
  /** Resolves with an answer of the form `call.answer`; rejects with `CommandFailed`. */
  ask<Answer>(call: ApiCall<Answer>, ask?: Ask): Promise<Answer>;
};

/**
 * Each request has a deadline and is repeated a few times when there is no answer or it says "later". A changing request has the same
 * Idempotency-Key in all attempts, so it takes effect once. `pause` waits.
 */
export function createApi(transport: Transport, pause: (ms: number) => Promise<unknown> = sleep): AdminApi {
  async function attempt(request: AdminRequest): Promise<AdminAnswer | Unreachable> {
    try {
      return await transport(request, AbortSignal.timeout(ATTEMPT_MS));
    } catch (error) {
      if (error instanceof Unreachable) return error;
      throw error;
    }
  }

  return {
    async ask(call, ask = {}) {
      const request = requestOf(call, ask);
      for (let left = ATTEMPTS - 1; ; left--) {
        const outcome = await attempt(request);
        if (!(outcome instanceof Unreachable) && outcome.status < 300) return checked(call, outcome.text);
        const waitMs = waitAskedForMs(outcome, ATTEMPTS - left);
        if (left === 0 || !isWorthRepeating(outcome) || waitMs > LONGEST_WAIT_MS)
          throw refusalOf(outcome, call);
        await pause(waitMs);
      }
    },
  };
}

function requestOf({ method, path }: ApiCall, { params = {}, query = {}, body }: Ask): AdminRequest {
  const filled = path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(params[name] ?? ''));
  const search = new URLSearchParams(query).toString();
  return {
    method,
    path: search === '' ? filled : `${filled}?${search}`,
    ...(body && { body }),
    ...(method !== 'GET' && { idempotencyKey: randomUUID() }),
  };
}

function checked<Answer>({ method, path, answer }: ApiCall<Answer>, text: string): Answer {
  const value = jsonIn(text);
  const fault = checkerOf(answer as Schema)(value);
  if (!fault) return value as Answer;
  throw new CommandFailed(
    `The answer to ${method} ${path} is not what it should be: ${fault.path || '/'} ${fault.keyword}`,
    'Is it an auth that answers, and of this release? What was asked for may have been done.',
    exitCodes.fault,
  );
}
