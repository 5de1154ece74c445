import type { HistoryEvent } from './history.ts';
import { deliveredTwice, redeliveriesThatDiffer } from './invariants/doubles.ts';
import { reachedAfterRemoval } from './invariants/entitlement.ts';
import { gatherFacts } from './invariants/facts.ts';
import { ackedButNotDelivered, cameThoughDropped, droppedUntold } from './invariants/loss.ts';
import { mailboxHoles } from './invariants/mailbox-holes.ts';
import { messagesOverLimit } from './invariants/message-limit.ts';
import { outOfOrder, placesTakenTwice, placesThatDiffer } from './invariants/order.ts';
import { altered, deliveredToOutsiders, unknownOrRefused } from './invariants/origin.ts';
import { marksThatFall, receiptsAheadOfAcks } from './invariants/receipts.ts';

export type CheckOptions = {
  /** Devices that need not have received everything: revoked, or never online again. Addresses. */
  absent?: readonly string[];
  /** Nothing expires and nothing is truncated in this run: a page that skips a place has lost it. */
  keepsEverything?: boolean;
  /** Per user; without it this is not checked. */
  messagesPerMinute?: number;
};

/**
 * Compares a history with the guarantees, after everybody has come back and caught up. Returns every violation in words, starting with
 * the violated invariant (docs/proof.md); empty when nothing contradicts the guarantees. Linear in the events, except for sorting
 * mailboxes.
 */
export function checkHistory(events: readonly HistoryEvent[], options: CheckOptions = {}): string[] {
  const facts = gatherFacts(events);
  return [
    ...named('I1', ackedButNotDelivered(facts, new Set(options.absent))),
    ...named('I1', droppedUntold(facts, new Set(options.absent))),
    ...named('I1', cameThoughDropped(events)),
    ...named('I2', deliveredTwice(facts)),
    ...named('I2', redeliveriesThatDiffer(facts)),
    ...named('I3', outOfOrder(facts)),
    ...named('I3', placesTakenTwice(facts)),
    ...named('I4', deliveredToOutsiders(facts)),
    ...named('I5', altered(facts)),
    ...named('I6', unknownOrRefused(facts)),
    ...named('I7', marksThatFall(events)),
    ...named('I7', receiptsAheadOfAcks(events)),
    ...named('I8', placesThatDiffer(facts)),
    ...named('I9', mailboxHoles(events, options)),
    ...named('I16', reachedAfterRemoval(events)),
    ...named('I13', messagesOverLimit(events, options.messagesPerMinute ?? Number.POSITIVE_INFINITY)),
  ];
}

function* named(invariant: string, violations: Iterable<string>): Iterable<string> {
  for (const violation of violations) yield `${invariant}: ${violation}`;
}
