import type { KeyPlace } from '../../outbox/key-place.ts';
import type { Address, Log } from './log.ts';

type Since = Readonly<Record<Address, KeyPlace>>;

/** With which keys each device that holds them now has come in; those that were here before this one are not listed. */
export function arrivals(before: { log: Log; since: Since }, { leaves, generation, epoch }: Log): Since {
  const entries = Object.keys(leaves).map((address) => {
    const place = address in before.log.leaves ? before.since[address] : { generation, epoch };
    return [address, place] as const;
  });
  return Object.fromEntries(entries.filter((entry): entry is [Address, KeyPlace] => entry[1] !== undefined));
}
