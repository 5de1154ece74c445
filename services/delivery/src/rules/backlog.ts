import type { Mailbox } from '../store/mailboxes.ts';
import type { Policy } from './policy.ts';

/** What waits for one device from one conversation. */
export type Share = {
  conversation: number;
  messages: number;
  bytes: number;
  /** The device's user has written or read something there. */
  isAnswered: boolean;
};

type Sum = Pick<Share, 'messages' | 'bytes'>;
type Cap = Pick<Policy, 'maxWaitingMessages' | 'maxWaitingBytes'>;

/**
 * The conversation to cut in an overfull mailbox; undefined when the mailbox is not overfull. Not simply that of the
 * latest message: whoever floods loses their own messages, not other people's. Nor simply the fullest one: anybody
 * may begin conversations, and many small ones would push out what friends have written. So those in which the user
 * has neither written nor read weigh as one; if that weighs most, its fullest is cut.
 */
export function worstOf(shares: readonly Share[], cap: Cap): Share | undefined {
  const whole = sumOf(shares);
  if (whole.messages <= cap.maxWaitingMessages && whole.bytes <= cap.maxWaitingBytes) return undefined;
  const weigh = ({ messages, bytes }: Sum): number =>
    Math.max(messages / cap.maxWaitingMessages, bytes / cap.maxWaitingBytes);
  const worst = (some: readonly Share[]) => some.toSorted((a, b) => weigh(b) - weigh(a))[0];
  const { answered = [], unanswered = [] } = Object.groupBy(shares, ({ isAnswered }) =>
    isAnswered ? 'answered' : 'unanswered',
  );
  const [friend, stranger] = [worst(answered), worst(unanswered)];
  if (!friend || !stranger) return friend ?? stranger;
  const all = sumOf(unanswered);
  return weigh(friend) >= weigh(all) ? friend : stranger;
}

const sumOf = (shares: readonly Share[]): Sum => ({
  messages: shares.reduce((sum, share) => sum + share.messages, 0),
  bytes: shares.reduce((sum, share) => sum + share.bytes, 0),
});

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
