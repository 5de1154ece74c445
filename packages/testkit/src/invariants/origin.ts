import { type Facts, nameOfArrival } from './facts.ts';

/** I4: no device receives messages of a conversation that it does not belong to, or that were moved there. */
export function* deliveredToOutsiders({ arrivals, entitlement, sent }: Facts): Iterable<string> {
  for (const [device, list] of arrivals) {
    for (const arrival of list) {
      const { conversation_id: conversation } = arrival;
      const what = `${nameOfArrival(arrival)} on ${device}`;
      const message = sent.get(nameOfArrival(arrival));
      if (message && message.conversation !== conversation) yield `${what} is in another conversation`;
      const isKnown = !entitlement.isUnknown(conversation);
      if (isKnown && !entitlement.has(device, conversation, arrival.conv_seq)) {
        yield `${what} leaked: the device does not belong to ${conversation}`;
      }
    }
  }
}

/** I5: what arrives is byte for byte what was sent. */
export function* altered({ arrivals, sent }: Facts): Iterable<string> {
  for (const [device, list] of arrivals) {
    for (const arrival of list) {
      const message = sent.get(nameOfArrival(arrival));
      if (message && message.sha256 !== arrival.sha256) {
        yield `${nameOfArrival(arrival)} on ${device} is not what was sent`;
      }
    }
  }
}

/** I6: what arrives was sent by the device it names, and was not refused for good. */
export function* unknownOrRefused({ arrivals, sent }: Facts): Iterable<string> {
  for (const [device, list] of arrivals) {
    for (const arrival of list) {
      const message = sent.get(nameOfArrival(arrival));
      const what = `${nameOfArrival(arrival)} on ${device}`;
      if (!message) yield `${what} was never sent`;
      else if (message.refusedWith) yield `${what} had been refused with ${message.refusedWith}`;
    }
  }
}
