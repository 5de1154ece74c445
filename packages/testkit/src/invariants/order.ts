import { type Facts, nameOfArrival } from './facts.ts';

/** I3: three sequences that may only grow, as one device sees them: mailbox, conversation, and one sender in it. */
export function* outOfOrder({ arrivals }: Facts): Iterable<string> {
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

/** I3: all devices, and the acks, agree which message has which place in a conversation. */
export function* placesTakenTwice({ arrivals, sent }: Facts): Iterable<string> {
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

/** I8: every ack of a message, and every device, names the same place for it. */
export function* placesThatDiffer({ sent, arrivals }: Facts): Iterable<string> {
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
