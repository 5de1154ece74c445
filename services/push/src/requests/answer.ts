import { type Endpoints, PoisonError, parseQuestion, type StreamRequest } from '@securechat/kernel';
import type { ProtocolError } from '@securechat/protocol';
import type { Answer, Ask, PushRequests } from '@securechat/protocol/internal';
import type { Pool } from 'pg';
import { isPublicKey } from '../send/web-push.ts';
import { kindOf, putSubscription, removeSubscription, type Target } from '../store/subscriptions.ts';

export type AnswerParts = { pool: Pool; endpoints: Endpoints; vapidPublicKey: Buffer; hasBridge: boolean };

/** Answers gateways' requests on behalf of a device. */
export async function answer(parts: AnswerParts, request: StreamRequest): Promise<Buffer> {
  const ask = parseQuestion<Ask<'push'>>(request);
  switch (ask.kind) {
    case 'subscribe':
      return reply(await subscribe(parts, ask));
    case 'unsubscribe':
      await removeSubscription(parts.pool, ask.device);
      return reply({});
    default:
      // a kind without a case does not compile
      ask satisfies never;
      throw new PoisonError('a question of unknown kind');
  }
}

async function subscribe(
  parts: AnswerParts,
  ask: PushRequests['subscribe']['ask'],
): Promise<Answer<'push', 'subscribe'>> {
  const { pool, vapidPublicKey, hasBridge } = parts;
  const target = targetOf(parts, ask);
  if (target !== undefined && 'error' in target) return { ok: false, ...target };
  if (target) await putSubscription(pool, ask.device, target);
  return {
    ok: true,
    subscribed: await kindOf(pool, ask.device),
    vapid_public_key: vapidPublicKey.toString('base64'),
    has_bridge: hasBridge,
  };
}

type Refusal = Pick<ProtocolError, 'error' | 'detail'>;

/** The target that a client names, if usable; undefined if it names none. */
function targetOf(
  { endpoints, hasBridge }: AnswerParts,
  { web_push, bridge }: PushRequests['subscribe']['ask'],
): Target | Refusal | undefined {
  if (bridge && !hasBridge) return badForm('/bridge');
  if (bridge) return { kind: 'bridge', target: bridge.token };
  if (!web_push) return undefined;
  if (!endpoints.isAcceptable(web_push.endpoint)) return badForm('/web_push/endpoint');
  const p256dh = Buffer.from(web_push.p256dh, 'base64');
  if (!isPublicKey(p256dh)) return badForm('/web_push/p256dh');
  return {
    kind: 'web_push',
    target: web_push.endpoint,
    p256dh,
    auth: Buffer.from(web_push.auth, 'base64'),
  };
}

const badForm = (path: string): Refusal => ({ error: 'INVALID_MESSAGE_FORMAT', detail: { path } });

const reply = (value: object): Buffer => Buffer.from(JSON.stringify(value));
