import { defineSignal, OtherEnd } from '../signalling.ts';

/** Yes. The first device that answers is the other end; its user's other devices get a copy and stop ringing. */
export const p2pAnswer = defineSignal('p2p_answer', 0x0602, OtherEnd);
