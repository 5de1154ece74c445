import type { HistoryEvent } from '../history.ts';

/** From the place where the device joined, up to but excluding `until`. */
type Stay = { from: number; until: number };

/**
 * Which devices are entitled to which places of a conversation, by its creation and operations. Many see an operation; the first
 * observation counts. An operation that removes a device is the last that the device gets.
 */
export class Entitlement {
  readonly #stays = new Map<string, Map<string, Stay[]>>();
  readonly #seen = new Set<string>();

  note(event: Extract<HistoryEvent, { type: 'conversation' | 'membership' }>): void {
    const { conversation_id: conversation } = event;
    const place = event.type === 'conversation' ? 1 : event.conv_seq;
    const key = `${conversation} ${place}`;
    if (this.#seen.has(key)) return;
    this.#seen.add(key);
    const stays = this.#stays.get(conversation) ?? new Map<string, Stay[]>();
    this.#stays.set(conversation, stays);
    if (event.type === 'conversation') {
      for (const device of event.devices) this.#joins(stays, device, 1);
      return;
    }
    for (const device of event.removed) this.#leaves(stays, device, place + 1);
    for (const device of event.added) this.#joins(stays, device, place);
  }

  /** Events are in order of observation, which may differ from that of their places. */
  #joins(stays: Map<string, Stay[]>, device: string, from: number): void {
    const known = stays.get(device) ?? [];
    stays.set(device, known);
    const open = known.find((stay) => stay.from === Number.NEGATIVE_INFINITY && stay.until > from);
    if (open) open.from = from;
    else known.push({ from, until: Number.POSITIVE_INFINITY });
  }

  #leaves(stays: Map<string, Stay[]>, device: string, until: number): void {
    const known = stays.get(device) ?? [];
    stays.set(device, known);
    const open = known.find((stay) => stay.from < until && stay.until === Number.POSITIVE_INFINITY);
    if (open) open.until = until;
    else known.push({ from: Number.NEGATIVE_INFINITY, until });
  }

  /** Nothing has been recorded about its members. */
  isUnknown(conversation: string): boolean {
    return !this.#stays.has(conversation);
  }

  has(device: string, conversation: string, place: number): boolean {
    const stays = this.#stays.get(conversation)?.get(device) ?? [];
    return stays.some(({ from, until }) => from <= place && place < until);
  }

  devicesAt(conversation: string, place: number): string[] {
    return [...(this.#stays.get(conversation)?.keys() ?? [])].filter((device) =>
      this.has(device, conversation, place),
    );
  }
}

/** I16: after a removal is acked, no message sent later reaches the removed device, whatever place it claims. */
export function* reachedAfterRemoval(events: readonly HistoryEvent[]): Iterable<string> {
  /** By conversation and device: the place of the newest acked removal. */
  const removedAt = new Map<string, number>();
  /** Messages by name: the removals already acked when they were first sent. */
  const removedBefore = new Map<string, ReadonlyMap<string, number>>();
  let snapshot: ReadonlyMap<string, number> = new Map();
  const entitlement = new Entitlement();
  for (const event of events) {
    if (event.type === 'conversation' || event.type === 'membership') entitlement.note(event);
    if (event.type === 'membership' && event.acked && event.removed.length > 0) {
      for (const device of event.removed) removedAt.set(`${event.conversation_id} ${device}`, event.conv_seq);
      snapshot = new Map(removedAt);
    }
    if (event.type === 'send' && event.phase === 'invoke')
      removedBefore.set(`${event.device}/${event.id}`, snapshot);
  }
  for (const event of events) {
    if (event.type !== 'recv' || event.again) continue;
    const place = removedBefore
      .get(`${event.from}/${event.id}`)
      ?.get(`${event.conversation_id} ${event.device}`);
    if (place === undefined) continue;
    // coming back is a new stay, after the removal
    const cameBack =
      event.conv_seq > place && entitlement.has(event.device, event.conversation_id, event.conv_seq);
    if (cameBack) continue;
    yield `${event.from}/${event.id} was sent after ${event.device} had been removed, and reached it`;
  }
}
