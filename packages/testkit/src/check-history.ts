import type { Arrival, HistoryEvent } from './history.ts';

export type CheckOptions = {
  /** Devices that need not have received everything: revoked, or never online again. Addresses. */
  absent?: readonly string[];
};

/**
 * Compares a history with what is promised, after everybody has come back and caught up. Returns every
 * violation in words; an empty list means that nothing contradicts the promise.
 */
export function checkHistory(events: readonly HistoryEvent[], options: CheckOptions = {}): string[] {
  const facts = gatherFacts(events);
  return [
    ...ackedButNotDelivered(facts, new Set(options.absent)),
    ...deliveredTwice(facts),
    ...outOfOrder(facts),
    ...placesTakenTwice(facts),
    ...alteredOrUnknown(facts),
    ...placesThatDiffer(facts),
    ...redeliveriesThatDiffer(facts),
    ...watermarksThatFall(events),
  ];
}

type Sent = {
  name: string;
  device: string;
  conversation: string;
  sha256: string;
  /** `conv_seq` of each ack. */
  places: number[];
  refusedWith: string | undefined;
};

type Facts = {
  sent: Map<string, Sent>;
  devicesOf: Map<string, readonly string[]>;
  /** First arrivals of each device, in order. */
  arrivals: Map<string, Arrival[]>;
  redeliveries: Arrival[];
};

const nameOf = (device: string, id: string): string => `${device}/${id}`;
const nameOfArrival = (arrival: Arrival): string => nameOf(arrival.from, arrival.id);

function gatherFacts(events: readonly HistoryEvent[]): Facts {
  const facts: Facts = { sent: new Map(), devicesOf: new Map(), arrivals: new Map(), redeliveries: [] };
  for (const event of events) {
    if (event.type === 'conversation') facts.devicesOf.set(event.conversation_id, event.devices);
    else if (event.type === 'send') gatherSend(facts, event);
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

function* ackedButNotDelivered(facts: Facts, absent: ReadonlySet<string>): Iterable<string> {
  const arrived = new Map<string, Set<string>>();
  for (const [device, arrivals] of facts.arrivals) arrived.set(device, new Set(arrivals.map(nameOfArrival)));
  for (const message of facts.sent.values()) {
    if (message.places.length === 0) continue;
    const entitled = facts.devicesOf.get(message.conversation);
    if (!entitled) yield `${message.conversation}: nobody knows who belongs to it`;
    for (const device of entitled ?? []) {
      if (device === message.device || absent.has(device)) continue;
      if (!arrived.get(device)?.has(message.name)) {
        yield `${message.name} was acked at ${message.places[0]} and never delivered to ${device}`;
      }
    }
  }
}

function* deliveredTwice({ arrivals }: Facts): Iterable<string> {
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

/** Three sequences that may only grow, as one device sees them: mailbox, conversation, one sender in it. */
function* outOfOrder({ arrivals }: Facts): Iterable<string> {
  for (const [device, list] of arrivals) {
    const last = new Map<string, number>();
    const grows = (sequence: string, value: number): boolean => {
      const before = last.get(sequence) ?? 0;
      last.set(sequence, value);
      return value > before;
    };
    for (const arrival of list) {
      const { conversation_id: conversation, seq, conv_seq, client_seq, from } = arrival;
      const where = `${nameOfArrival(arrival)} on ${device}`;
      if (!grows('mailbox', seq)) yield `${where}: mailbox seq ${seq} does not follow`;
      if (!grows(conversation, conv_seq))
        yield `${where}: conv_seq ${conv_seq} of ${conversation} does not follow`;
      if (!grows(`${conversation} ${from}`, client_seq)) {
        yield `${where}: client_seq ${client_seq} of its sender in ${conversation} does not follow`;
      }
    }
  }
}

/** All devices, and the acks, agree which message has which place in a conversation. */
function* placesTakenTwice({ arrivals, sent }: Facts): Iterable<string> {
  const holders = new Map<string, { name: string; seenBy: string }>();
  function* claim(conversation: string, place: number, name: string, seenBy: string): Iterable<string> {
    const key = `${conversation} ${place}`;
    const holder = holders.get(key);
    if (!holder) holders.set(key, { name, seenBy });
    else if (holder.name !== name) {
      yield `${conversation} place ${place} is ${holder.name} for ${holder.seenBy} and ${name} for ${seenBy}`;
    }
  }
  for (const message of sent.values()) {
    for (const place of message.places) {
      yield* claim(message.conversation, place, message.name, 'the sender');
    }
  }
  for (const [device, list] of arrivals) {
    for (const arrival of list) {
      yield* claim(arrival.conversation_id, arrival.conv_seq, nameOfArrival(arrival), device);
    }
  }
}

function* alteredOrUnknown({ arrivals, sent }: Facts): Iterable<string> {
  for (const [device, list] of arrivals) {
    for (const arrival of list) {
      const message = sent.get(nameOfArrival(arrival));
      const what = `${nameOfArrival(arrival)} on ${device}`;
      if (!message) yield `${what} was never sent`;
      else if (message.refusedWith) yield `${what} had been refused with ${message.refusedWith}`;
      else if (message.sha256 !== arrival.sha256) yield `${what} is not what was sent`;
      else if (message.conversation !== arrival.conversation_id) yield `${what} is in another conversation`;
    }
  }
}

/** Every ack of a message, and every device, names the same place for it. */
function* placesThatDiffer({ sent, arrivals }: Facts): Iterable<string> {
  const placesOf = new Map<string, Set<number>>();
  const note = (name: string, places: readonly number[]): void => {
    placesOf.set(name, new Set([...(placesOf.get(name) ?? []), ...places]));
  };
  for (const { name, places } of sent.values()) note(name, places);
  for (const arrival of [...arrivals.values()].flat()) note(nameOfArrival(arrival), [arrival.conv_seq]);
  for (const [name, places] of placesOf) {
    if (places.size > 1) yield `${name} has several places: ${[...places].join(', ')}`;
  }
}

function* redeliveriesThatDiffer({ arrivals, redeliveries }: Facts): Iterable<string> {
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

function* watermarksThatFall(events: readonly HistoryEvent[]): Iterable<string> {
  const last = new Map<string, { delivered: number; read: number }>();
  for (const event of events) {
    if (event.type !== 'receipt') continue;
    const key = `${event.device} ${event.conversation_id} ${event.user_id}`;
    const before = last.get(key) ?? { delivered: 0, read: 0 };
    const now = { delivered: event.delivered_through, read: event.read_through };
    if (now.delivered < before.delivered || now.read < before.read) {
      yield `${key}: watermarks fell from ${before.delivered}/${before.read} to ${now.delivered}/${now.read}`;
    }
    last.set(key, now);
  }
}
