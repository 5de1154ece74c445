import type { Clock } from '@securechat/kernel';

const MINUTE_MS = 60_000;
/** Burst after a quiet time: one second's worth. */
const BURST_MS = 1_000;
const RELEASE_EVERY_MS = 50;
/** Roughly the most that one turn takes: a socket chunk, or an ordinary page. */
const TURN_BYTES = 64 * 1024;

/** Lower bound of the debt cap, if a second's worth is less: the largest page or message is still paid back in full. */
const LEAST_DEBT_BYTES = 1024 * 1024;

/** Whose bytes they are. A stranger's are counted but not charged, so no session waits for them. */
export type Peer = 'session' | 'stranger';

/** A connection that wants to read from its client, or to send it a page. */
export type Waiter = { hasTurn(): void };

export type Bandwidth = {
  received(bytes: number, peer: Peer): void;
  sent(bytes: number, peer: Peer): void;
  /**
   * True when the waiter may take more now. Otherwise it queues; `hasTurn` is called later, and within that call it
   * may.
   */
  mayTake(waiter: Waiter): boolean;
  leave(waiter: Waiter): void;
  /** Called about once a second; reports the bytes carried since to the metrics. */
  sweep(): void;
  stop(): void;
};

/**
 * Bytes to and from this process's clients: a token bucket that fills evenly and holds a second's worth, so that no
 * minute exceeds the limit by more than what is already in flight. Nothing is refused. Bytes already read, or that
 * must go out (answers, receipts), are charged even to an empty bucket, as a debt capped at about a second's worth,
 * so nobody waits long. Reads and pages wait, and take turns, longest waiting first.
 */
export function createBandwidth(parts: {
  bytesPerMinute: number;
  clock: Clock;
  metrics: { limited(limit: 'bandwidth_per_minute'): void; carried(received: number, sent: number): void };
}): Bandwidth {
  const { bytesPerMinute, clock, metrics } = parts;
  const burst = (bytesPerMinute * BURST_MS) / MINUTE_MS;
  const perMs = (bytesPerMinute - burst) / MINUTE_MS;
  const mostDebt = Math.max(burst, LEAST_DEBT_BYTES);
  const waiting = new Set<Waiter>();
  let room = burst;
  let filledAt = clock.monotonicMs();
  let hasTurn: Waiter | undefined;
  let timer: NodeJS.Timeout | undefined;
  const carried = { received: 0, sent: 0 };

  function fill(): void {
    const now = clock.monotonicMs();
    room = Math.min(burst, room + (now - filledAt) * perMs);
    filledAt = now;
  }

  function spend(bytes: number): void {
    fill();
    const hadRoom = room > 0;
    room = Math.max(-mostDebt, room - bytes);
    if (hadRoom && room <= 0) metrics.limited('bandwidth_per_minute');
  }

  /** As many turns as may fit; if they take more, the next ones wait for it. */
  function release(): void {
    fill();
    let turns = Math.ceil(room / TURN_BYTES);
    for (const waiter of waiting) {
      if (turns-- <= 0) break;
      waiting.delete(waiter);
      hasTurn = waiter;
      waiter.hasTurn();
      hasTurn = undefined;
    }
    if (waiting.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  }

  return {
    received(bytes, peer) {
      carried.received += bytes;
      if (peer === 'session') spend(bytes);
    },
    sent(bytes, peer) {
      carried.sent += bytes;
      if (peer === 'session') spend(bytes);
    },
    mayTake(waiter) {
      if (waiter === hasTurn) return true;
      if (waiting.size === 0) {
        if (room <= 0) fill();
        if (room > 0) return true;
      }
      waiting.add(waiter);
      timer ??= setInterval(release, RELEASE_EVERY_MS);
      return false;
    },
    leave: (waiter) => void waiting.delete(waiter),
    sweep() {
      metrics.carried(carried.received, carried.sent);
      carried.received = carried.sent = 0;
    },
    stop() {
      clearInterval(timer);
      waiting.clear();
    },
  };
}
