import type { Arrival } from '../history.ts';
import { type Facts, nameOfArrival } from './facts.ts';

/** I2: no message takes effect twice on a device, under any sequence. */
export function* deliveredTwice({ arrivals }: Facts): Iterable<string> {
  for (const [device, list] of arrivals) {
    const places = new Map<string, number>();
    for (const arrival of list) {
      const name = nameOfArrival(arrival);
      const earlier = places.get(name);
      if (earlier !== undefined)
        yield `${name} took effect twice on ${device}: seq ${earlier}, ${arrival.seq}`;
      places.set(name, arrival.seq);
    }
  }
}

/** I2: a redelivery has its old sequence and is unchanged. */
export function* redeliveriesThatDiffer({ arrivals, redeliveries }: Facts): Iterable<string> {
  const first = new Map<string, Arrival>();
  for (const arrival of [...arrivals.values()].flat()) first.set(`${arrival.device} ${arrival.seq}`, arrival);
  for (const again of redeliveries) {
    const before = first.get(`${again.device} ${again.seq}`);
    if (!before) yield `${again.device} was told again of seq ${again.seq}, which it never had`;
    else if (nameOfArrival(before) !== nameOfArrival(again) || before.sha256 !== again.sha256) {
      yield `${again.device} seq ${again.seq} was ${nameOfArrival(before)} and then ${nameOfArrival(again)}`;
    }
  }
}
