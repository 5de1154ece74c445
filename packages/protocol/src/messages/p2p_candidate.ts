import { defineSignal, OtherEnd } from '../signalling.ts';

/** Where this end can be reached. Not before there is an answer: no address is revealed without consent. */
export const p2pCandidate = defineSignal('p2p_candidate', 0x0603, OtherEnd);
