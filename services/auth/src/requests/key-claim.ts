import type { Answer, AuthRequests } from '@securechat/protocol/internal';
import type { ClaimOutcome } from '../store/claim-store.ts';
import type { HandlerOptions, Handlers } from './handlers.ts';

type KeyClaim = AuthRequests['key_claim']['ask'];

/**
 * Hands out one key package for each requested device. Only `last_resort` in the answer shows which devices gave
 * their last resort, because their store is empty or was drawn from too often. A repeated request gets the same
 * answer, if it consumed a package.
 */
export function createKeyClaim(options: HandlerOptions): Handlers['key_claim'] {
  const { claims, keyLimits, keyNotices } = options;

  /** As many packages as this user may still take from the target, and everyone from the target. */
  async function allowance(ask: KeyClaim, target: number, wanted: number) {
    const ofPair = await keyLimits.take('keysPerPair', [target, ask.user], wanted);
    const ofTarget = await keyLimits.take('keysPerTarget', [target], ofPair.count);
    await ofPair.giveBack(ofPair.count - ofTarget.count);
    return {
      count: ofTarget.count,
      async giveBack(unused: number): Promise<void> {
        await Promise.all([ofPair, ofTarget].map((taken) => taken.giveBack(unused)));
      },
    };
  }

  return async (ask) => {
    const requests = await keyLimits.take('keyRequests', [ask.user], 1);
    if (requests.count === 0) {
      const detail = { scope: 'key_requests', retry_after_ms: requests.retryAfterMs };
      return { ok: false, error: 'RATE_LIMITED', detail };
    }
    const question = `${ask.user_id}:${ask.device_id ?? ''}`;
    const claim = { device: ask.device, requestId: ask.id, question };
    const before = await claims.findClaim(claim);
    if (before) return answerOf(before);

    const target = await claims.findTarget(ask.user_id, ask.device_id);
    if (!target) return { ok: false, error: 'USER_NOT_FOUND', detail: {} };
    // the asking device has its own
    const devices = target.devices.filter((device) => device !== ask.device);
    const allowed = await allowance(ask, target.user, devices.length);
    // after a failure they stay taken: nobody knows whether the packages are gone
    const outcome = await claims.handOut(claim, devices, devices.slice(0, allowed.count));
    const handedOut = outcome.outcome === 'handed_out' ? outcome.handedOut : [];
    const once = handedOut.filter((each) => each.once);
    await allowed.giveBack(allowed.count - once.length);
    keyNotices.afterClaim(target.user, once);
    return answerOf(outcome);
  };
}

function answerOf(outcome: ClaimOutcome): Answer<'auth', 'key_claim'> {
  if (outcome.outcome === 'id_reused') return { ok: false, error: 'ID_REUSED', detail: { path: '/id' } };
  return { ok: true, bundles: outcome.bundles };
}
