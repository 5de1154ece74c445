import type { HistoryEvent } from '../history.ts';
import { type Facts, nameOfArrival, wasDeclared } from './facts.ts';

/** I1: whatever was acked is on every device of its conversation except the sending one. A missing answer promises nothing. */
export function* ackedButNotDelivered(facts: Facts, absent: ReadonlySet<string>): Iterable<string> {
  const arrived = new Map<string, Set<string>>();
  for (const [device, arrivals] of facts.arrivals) arrived.set(device, new Set(arrivals.map(nameOfArrival)));
  for (const message of facts.sent.values()) {
    if (message.places.length === 0) continue;
    const { conversation, places } = message;
    if (facts.entitlement.isUnknown(conversation)) yield `${conversation}: nobody knows who belongs to it`;
    for (const device of facts.entitlement.devicesAt(conversation, places[0] ?? 0)) {
      if (device === message.device || absent.has(device)) continue;
      if (wasDeclared(facts, device, message.conversation, message.places[0] ?? 0)) continue;
      if (!arrived.get(device)?.has(message.name)) {
        yield `${message.name} was acked at ${message.places[0]} and never delivered to ${device}`;
      }
    }
  }
}

/** I1: no more is missing before a truncation entry than such entries declare. */
export function* droppedUntold(facts: Facts, absent: ReadonlySet<string>): Iterable<string> {
  const missing = new Map<string, number>();
  const arrived = new Set(
    [...facts.arrivals].flatMap(([device, list]) => list.map((a) => `${device} ${nameOfArrival(a)}`)),
  );
  for (const { name, device: sender, conversation, places } of facts.sent.values()) {
    for (const device of facts.entitlement.devicesAt(conversation, places[0] ?? 0)) {
      if (places.length === 0 || device === sender || absent.has(device)) continue;
      if (!wasDeclared(facts, device, conversation, places[0] ?? 0) || arrived.has(`${device} ${name}`))
        continue;
      const key = `${device} ${conversation}`;
      missing.set(key, (missing.get(key) ?? 0) + 1);
    }
  }
  for (const [key, count] of missing) {
    const told = facts.truncations.get(key)?.dropped ?? 0;
    if (count > told) yield `${key}: ${count} messages are missing and ${told} were said to be dropped`;
  }
}

/** I1: after an entry declaring messages up to a place as dropped, only later ones arrive. */
export function* cameThoughDropped(events: readonly HistoryEvent[]): Iterable<string> {
  const droppedThrough = new Map<string, number>();
  for (const event of events) {
    if (event.type !== 'truncated' && event.type !== 'recv') continue;
    const key = `${event.device} ${event.conversation_id}`;
    if (event.type === 'truncated') droppedThrough.set(key, event.through);
    else if (!event.again && event.conv_seq <= (droppedThrough.get(key) ?? 0))
      yield `${nameOfArrival(event)} came to ${event.device} after it was said to be dropped`;
  }
}
