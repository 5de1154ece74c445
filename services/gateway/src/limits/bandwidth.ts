import type { Clock } from '@securechat/kernel';

const MINUTE_MS = 60_000;
/** What may go at once after a quiet time: what a second brings. */
const BURST_MS = 1_000;
const RELEASE_EVERY_MS = 50;
/** What one that is let go takes at most, about: a chunk of its socket, or an ordinary page. */
const TURN_BYTES = 64 * 1024;

/** The most that is paid back, in bytes, where a second's worth is less: the largest page or message is still paid whole. */
const LEAST_DEBT_BYTES = 1024 * 1024;

/** Whose bytes they are. A stranger's are counted and not charged: nobody who is logged in waits for them. */
export type Peer = 'session' | 'stranger';

/** Somebody who wants to read from a client, or to send it a page. */
export type Waiter = { hasTurn(): void };

export type Bandwidth = {
  received(bytes: number, peer: Peer): void;
  sent(bytes: number, peer: Peer): void;
  /** True when this one may take more now. Otherwise it waits, and `hasTurn` is called, within which it may. */
  mayTake(waiter: Waiter): boolean;
  leave(waiter: Waiter): void;
  /** Called about once a second: what was carried since, for the metrics. */
  sweep(): void;
  stop(): void;
};

/**
 * Bytes to and from the clients of this process: a bucket that fills evenly and holds a second's worth, so that no minute
 * carries more than the limit and what is on its way already. Nothing is refused for it. What was read or must go out
 * (answers, receipts) is charged even when the bucket is empty, which then takes longer to fill, though never for more than
 * about a second's worth: whatever was carried, nobody waits long. Reading and pages wait, and come by turns, the longest
 * waiting first.
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

  /** As many as may fit; if they take more than that, the next ones wait for it. */
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
