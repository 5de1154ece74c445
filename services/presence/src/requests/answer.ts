import { PoisonError, parseQuestion, type StreamRequest } from '@securechat/kernel';
import type { Ask } from '@securechat/protocol/internal';
import type { PresenceMetrics } from '../metrics.ts';
import { type PrivacyParts, privacy, recheck } from './privacy.ts';
import { passSignal, type SignalParts } from './signal.ts';
import { passTyping, type TypingParts } from './typing.ts';
import { type WatchParts, watch } from './watch.ts';

export type AnswerParts = WatchParts &
  TypingParts &
  SignalParts &
  PrivacyParts & { metrics: PresenceMetrics };

/** Handles a gateway's question or notice; undefined when no answer is expected. `signal` aborts when nobody waits for it any more. */
export async function answer(
  parts: AnswerParts,
  request: StreamRequest,
  signal: AbortSignal,
): Promise<Buffer | undefined> {
  const ask = parseQuestion<Ask<'presence'>>(request);
  switch (ask.kind) {
    case 'status':
      parts.metrics.reported(ask.devices.length);
      await parts.statuses.report(request.gatewayId, ask.devices);
      return undefined;
    case 'typing':
      await passTyping(parts, ask, signal);
      return undefined;
    case 'watch':
      return reply(await watch(parts, request.gatewayId, ask));
    case 'privacy':
      return reply(await privacy(parts, ask));
    case 'signal':
      return reply(await passSignal(parts, ask));
    case 'recheck':
      return reply(await recheck(parts, ask));
    default:
      // a kind without a case does not compile
      ask satisfies never;
      throw new PoisonError('a question of unknown kind');
  }
}

const reply = (value: object): Buffer => Buffer.from(JSON.stringify(value));
