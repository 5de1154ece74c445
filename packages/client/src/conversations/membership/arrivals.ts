import type { KeyPlace } from '../../outbox/key-place.ts';
import type { Address, Log } from './log.ts';

type Since = Readonly<Record<Address, KeyPlace>>;

/** The keys with which each current device came in; devices that were here before this one are left out. */
export function arrivals(before: { log: Log; since: Since }, { leaves, generation, epoch }: Log): Since {
  const entries = Object.keys(leaves).map((address) => {
    const place = address in before.log.leaves ? before.since[address] : { generation, epoch };
    return [address, place] as const;
  });
  return Object.fromEntries(entries.filter((entry): entry is [Address, KeyPlace] => entry[1] !== undefined));
}
