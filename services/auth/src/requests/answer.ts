import { type Clock, PoisonError } from '@securechat/kernel';
import { ProtocolError } from '@securechat/protocol';
import type { AuthMetrics, RequestOutcome } from '../metrics.ts';
import type { Handlers } from './handlers.ts';
import { type AuthAsk, parseAsk } from './parse-ask.ts';

type AnswerOptions = { handlers: Handlers; metrics: AuthMetrics; clock: Clock };

/** Request body to reply body. Throws a PoisonError for what cannot be answered at all. */
export function createAnswer({ handlers, metrics, clock }: AnswerOptions): (body: Buffer) => Promise<Buffer> {
  return async (body) => {
    const startedMs = clock.monotonicMs();
    const { kind, ask } = parse(body);
    let outcome: RequestOutcome = 'failed';
    try {
      if (!ask) {
        outcome = 'malformed';
        throw new PoisonError(
          kind === 'unknown' ? 'a request of unknown kind' : `a malformed request: ${kind}`,
        );
      }
      const answer = await dispatch(handlers, ask);
      outcome = 'ok' in answer && !answer.ok ? 'refused' : 'ok';
      return Buffer.from(JSON.stringify(answer));
    } finally {
      metrics.answered(kind, outcome, clock.monotonicMs() - startedMs);
    }
  };
}

function dispatch(handlers: Handlers, ask: AuthAsk): ReturnType<Handlers[keyof Handlers]> {
  switch (ask.kind) {
    case 'certify':
      return handlers.certify(ask);
    case 'login':
      return handlers.login(ask);
    case 'device_list':
      return handlers.device_list(ask);
    case 'key_upload':
      return handlers.key_upload(ask);
    case 'key_claim':
      return handlers.key_claim(ask);
    case 'key_count':
      return handlers.key_count(ask);
    case 'turn':
      return handlers.turn(ask);
    case 'key_log':
      return handlers.key_log(ask);
    case 'key_log_proof':
      return handlers.key_log_proof(ask);
  }
}

function parse(body: Buffer): ReturnType<typeof parseAsk> {
  try {
    return parseAsk(body);
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    return { kind: 'unknown' };
  }
}
