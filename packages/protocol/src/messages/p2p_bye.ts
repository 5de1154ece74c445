import { defineSignal, MaybeOtherEnd } from '../signalling.ts';

/** No, or no longer. Sent to the other end, or to all devices that were asked. */
export const p2pBye = defineSignal('p2p_bye', 0x0604, MaybeOtherEnd);
