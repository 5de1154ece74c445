import type { HistoryEvent } from '../history.ts';

/** What one device has received, in mailbox order, and how much of it it has acknowledged. */
type Shelf = { entries: { conversation: string; seq: number; place: number }[]; acked: number };

const userOf = (address: string): string => address.slice(0, address.indexOf(':'));

/**
 * I7: nobody is reported to have what none of their devices has acknowledged, or to have read what they do not have. Members without a
 * device in the history are left out: nobody saw what they acknowledged.
 */
export function* receiptsAheadOfAcks(events: readonly HistoryEvent[]): Iterable<string> {
  const shelves = new Map<string, Shelf>();
  const users = new Set<string>();
  /** Furthest acknowledged place, by `user conversation`. */
  const reached = new Map<string, number>();

  const shelfOf = (device: string): Shelf => {
    const known = shelves.get(device) ?? { entries: [], acked: 0 };
    shelves.set(device, known);
    users.add(userOf(device));
    return known;
  };

  for (const event of events) {
    if (event.type === 'place' || (event.type === 'recv' && !event.again)) {
      const { conversation_id: conversation, seq, conv_seq: place } = event;
      shelfOf(event.device).entries.push({ conversation, seq, place });
    } else if (event.type === 'device-ack') {
      acknowledge(shelfOf(event.device), event.through, (conversation, place) => {
        const key = `${userOf(event.device)} ${conversation}`;
        reached.set(key, Math.max(reached.get(key) ?? 0, place));
      });
    } else if (event.type === 'receipt') {
      const { user_id: user, conversation_id: conversation, delivered_through: delivered } = event;
      const known = reached.get(`${user} ${conversation}`) ?? 0;
      if (users.has(user) && delivered > known) {
        yield `${user} was said to have ${delivered} of ${conversation}, but acknowledged only ${known}`;
      }
      if (event.read_through > delivered) {
        yield `${user} was said to have read ${event.read_through} of ${conversation}, but to have ${delivered}`;
      }
    }
  }
}

function acknowledge(
  shelf: Shelf,
  through: number,
  reach: (conversation: string, place: number) => void,
): void {
  for (let entry = shelf.entries[shelf.acked]; entry && entry.seq <= through; ) {
    reach(entry.conversation, entry.place);
    entry = shelf.entries[++shelf.acked];
  }
}

/**
 * How late a receipt may arrive, overtaken by newer ones of another delivery process: 1 s from reading to writing it, 1.5 s for the
 * command to Redis, and 15 s in the stream of a gateway that the device returned to, after which the stream is gone.
 */
const LATE_MS = 20_000;

type Told = { atMs: number; delivered: number; read: number };

/**
 * I7: marks of what a member has received and read only grow. A late receipt says less than the newest one, which is no decrease: the
 * greater counts, and soon nothing smaller arrives any more.
 */
export function* marksThatFall(events: readonly (HistoryEvent & { at_ms?: number })[]): Iterable<string> {
  const marks = new Map<string, { recent: Told[]; delivered: number; read: number }>();
  for (const event of events) {
    if (event.type !== 'receipt') continue;
    const { delivered_through: delivered, read_through: read, at_ms: atMs = 0 } = event;
    const key = `${event.device} ${event.conversation_id} ${event.user_id}`;
    const mark = marks.get(key) ?? { recent: [], delivered: 0, read: 0 };
    marks.set(key, mark);
    for (let old = mark.recent[0]; old && old.atMs <= atMs - LATE_MS; old = mark.recent[0]) {
      mark.recent.shift();
      mark.delivered = Math.max(mark.delivered, old.delivered);
      mark.read = Math.max(mark.read, old.read);
    }
    if (delivered < mark.delivered || read < mark.read) {
      yield `${key}: marks of ${mark.delivered}/${mark.read}, told long before, fell to ${delivered}/${read}`;
    }
    mark.recent.push({ atMs, delivered, read });
  }
}
