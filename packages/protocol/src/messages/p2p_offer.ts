import { defineSignal, MaybeOtherEnd } from '../signalling.ts';

/**
 * Proposes a direct connection. To all devices of the other user, until one has answered; afterwards to that one, to
 * renegotiate.
 */
export const p2pOffer = defineSignal('p2p_offer', 0x0601, MaybeOtherEnd);
