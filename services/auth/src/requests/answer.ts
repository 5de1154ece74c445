import { type Clock, PoisonError, type Producer } from '@securechat/kernel';
import { ProtocolError } from '@securechat/protocol';
import { ENTRY_FIELD, type OutRecord, packEntry, type StreamNames } from '@securechat/protocol/internal';
import type { AuthMetrics, RequestOutcome } from '../metrics.ts';
import type { Handlers } from './handlers.ts';
import { type AuthAsk, parseAsk } from './parse-ask.ts';

/** A gateway that is this far behind has long given up waiting for the oldest. */
const OUT_STREAM_ENTRIES = 20_000;

type AnswerOptions = { handlers: Handlers; metrics: AuthMetrics; clock: Clock };

/** Body of a request → body of its reply. Throws a PoisonError for what cannot be answered at all. */
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

/** To the stream of the gateway that asked; when there is none, that gateway is gone and nobody waits. */
export function createReply(producer: Producer, streams: StreamNames) {
  return async (gatewayId: string, correlation: string, body: Buffer): Promise<void> => {
    const entry = packEntry<OutRecord>([{ head: { kind: 'reply', correlation }, body }]);
    const bound = ['NOMKSTREAM', 'MAXLEN', '~', OUT_STREAM_ENTRIES] as const;
    await producer.redis.xadd(streams.out(gatewayId), ...bound, '*', ENTRY_FIELD, Buffer.from(entry.buffer));
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
