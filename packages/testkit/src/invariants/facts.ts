import type { Arrival, HistoryEvent } from '../history.ts';
import { Entitlement } from './entitlement.ts';

/** A message of the history, with what its sender was told. */
type Sent = {
  name: string;
  device: string;
  conversation: string;
  sha256: string;
  /** `conv_seq` of each ack. */
  places: number[];
  refusedWith: string | undefined;
};

/** Data that several invariants use. */
export type Facts = {
  sent: Map<string, Sent>;
  entitlement: Entitlement;
  /** First arrivals on each device, in order. */
  arrivals: Map<string, Arrival[]>;
  redeliveries: Arrival[];
  /** By device and conversation: what was declared as dropped. */
  truncations: Map<string, { through: number; dropped: number }>;
};

const nameOf = (device: string, id: string): string => `${device}/${id}`;
export const nameOfArrival = (arrival: Arrival): string => nameOf(arrival.from, arrival.id);

export function gatherFacts(events: readonly HistoryEvent[]): Facts {
  const facts: Facts = {
    sent: new Map(),
    entitlement: new Entitlement(),
    arrivals: new Map(),
    redeliveries: [],
    truncations: new Map(),
  };
  for (const event of events) {
    if (event.type === 'conversation' || event.type === 'membership') facts.entitlement.note(event);
    else if (event.type === 'send') gatherSend(facts, event);
    else if (event.type === 'truncated') gatherTruncation(facts, event);
    else if (event.type === 'recv' && event.again) facts.redeliveries.push(event);
    else if (event.type === 'recv') {
      const arrivals = facts.arrivals.get(event.device) ?? [];
      arrivals.push(event);
      facts.arrivals.set(event.device, arrivals);
    }
  }
  return facts;
}

function gatherSend({ sent }: Facts, event: Extract<HistoryEvent, { type: 'send' }>): void {
  const name = nameOf(event.device, event.id);
  if (event.phase === 'invoke') {
    const { device, conversation_id: conversation, sha256 } = event;
    sent.set(name, { name, device, conversation, sha256, places: [], refusedWith: undefined });
    return;
  }
  const message = sent.get(name);
  if (!message) throw new Error(`the history has an answer to ${name}, which was never sent`);
  if (event.phase === 'ok') message.places.push(event.conv_seq);
  if (event.phase === 'fail') message.refusedWith = event.error;
}

function gatherTruncation({ truncations }: Facts, event: Extract<HistoryEvent, { type: 'truncated' }>): void {
  const key = `${event.device} ${event.conversation_id}`;
  const earlier = truncations.get(key) ?? { through: 0, dropped: 0 };
  const through = Math.max(earlier.through, event.through);
  truncations.set(key, { through, dropped: earlier.dropped + event.dropped });
}

/** Whether the device was told that it would not get what is at this place. */
export function wasDeclared(
  { truncations }: Facts,
  device: string,
  conversation: string,
  place: number,
): boolean {
  return place <= (truncations.get(`${device} ${conversation}`)?.through ?? 0);
}
