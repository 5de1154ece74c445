import { defineSignal, MaybeOtherEnd } from '../signalling.ts';

/** No, or not any more. To the other end, or to all who were asked. */
export const p2pBye = defineSignal('p2p_bye', 0x0604, MaybeOtherEnd);
