import type { Mailbox } from '../store/mailboxes.ts';
import type { Policy } from './policy.ts';

/** What waits for one device from one conversation. */
export type Share = { conversation: number; messages: number; bytes: number };

type Cap = Pick<Policy, 'maxWaitingMessages' | 'maxWaitingBytes'>;

/**
 * The conversation that takes up most of an overfull mailbox; undefined when the mailbox is not overfull. Not simply
 * the conversation of the latest message: whoever floods loses their own messages, not other people's.
 */
export function worstOf(shares: readonly Share[], cap: Cap): Share | undefined {
  const messages = shares.reduce((sum, share) => sum + share.messages, 0);
  const bytes = shares.reduce((sum, share) => sum + share.bytes, 0);
  if (messages <= cap.maxWaitingMessages && bytes <= cap.maxWaitingBytes) return undefined;
  const weigh = (share: Share): number =>
    Math.max(share.messages / cap.maxWaitingMessages, share.bytes / cap.maxWaitingBytes);
  return shares.toSorted((a, b) => weigh(b) - weigh(a))[0];
}

/** Cutting one mailbox takes about 40 ms. The rest of a batch are cut with their next message. */
const MAX_CUT_AT_ONCE = 10;

/** Devices over the limit according to the counters, at most as many as are cut at once. */
export function overfull(mailboxes: ReadonlyMap<number, Mailbox>, cap: Cap): number[] {
  const full = [...mailboxes].flatMap(([device, mailbox]) => {
    const messages = mailbox.putCount - mailbox.goneCount;
    const bytes = mailbox.putBytes - mailbox.goneBytes;
    return messages > cap.maxWaitingMessages || bytes > cap.maxWaitingBytes ? [device] : [];
  });
  return full.slice(0, MAX_CUT_AT_ONCE);
}
