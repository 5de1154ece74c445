import type { Mailbox } from '../store/mailboxes.ts';
import type { Policy } from './policy.ts';

/** What waits for one device of one conversation. */
export type Share = { conversation: number; messages: number; bytes: number };

type Cap = Pick<Policy, 'maxWaitingMessages' | 'maxWaitingBytes'>;

/**
 * The conversation that takes up most of a mailbox that holds more than it may; undefined when it does not. Not the
 * one whose message happened to come last: whoever floods loses what they wrote, not what others did.
 */
export function worstOf(shares: readonly Share[], cap: Cap): Share | undefined {
  const messages = shares.reduce((sum, share) => sum + share.messages, 0);
  const bytes = shares.reduce((sum, share) => sum + share.bytes, 0);
  if (messages <= cap.maxWaitingMessages && bytes <= cap.maxWaitingBytes) return undefined;
  const weigh = (share: Share): number =>
    Math.max(share.messages / cap.maxWaitingMessages, share.bytes / cap.maxWaitingBytes);
  return shares.toSorted((a, b) => weigh(b) - weigh(a))[0];
}

/** A mailbox takes some 40 ms to be cut. The others of a batch have their turn with the next message that is for them. */
const MAX_CUT_AT_ONCE = 10;

/** Devices for which more waits than may, as far as the counters know: as many as are to be cut at once. */
export function overfull(mailboxes: ReadonlyMap<number, Mailbox>, cap: Cap): number[] {
  const full = [...mailboxes].flatMap(([device, mailbox]) => {
    const messages = mailbox.putCount - mailbox.goneCount;
    const bytes = mailbox.putBytes - mailbox.goneBytes;
    return messages > cap.maxWaitingMessages || bytes > cap.maxWaitingBytes ? [device] : [];
  });
  return full.slice(0, MAX_CUT_AT_ONCE);
}
