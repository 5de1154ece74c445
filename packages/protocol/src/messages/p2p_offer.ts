import { defineSignal, MaybeOtherEnd } from '../signalling.ts';

/** Will you talk directly? To all devices of the other user, until one has answered; afterwards to that one, with new terms. */
export const p2pOffer = defineSignal('p2p_offer', 0x0601, MaybeOtherEnd);
