import { HEARTBEAT_INTERVAL_MS, PEER_GONE_AFTER_MS } from '@securechat/protocol';
import type { Clock } from '../clock.ts';

/** Pings are sent up to this fraction early, so that clients that started together drift apart. */
const JITTER = 0.2;
/** Bounds for the interval the server asks for: it cannot make a phone ping constantly, or never. */
const MIN_INTERVAL_MS = 5_000;
const MAX_INTERVAL_MS = 5 * 60_000;
/** Two missed pings plus half an interval for a slow link: the same ratio that the server uses. */
const GONE_AFTER_BEATS = PEER_GONE_AFTER_MS / HEARTBEAT_INTERVAL_MS;
/** How long a probe waits: less than two missed pings, because there is reason for doubt. */
const PROBE_MS = 5_000;

/** An answer that is due is waited for this long, and longer while what was sent may be on a slow line: 32 kbit/s. */
const ANSWER_MS = 10_000;
const LEAST_BYTES_PER_MS = 4;

export type HeartbeatOptions = {
  clock: Clock;
  random: () => number;
  intervalMs: number;
  ping(): void;
  /** Monotonic ms. Any received bytes count as a sign of life, not only answers. */
  heardAtMs(): number;
  onLost(): void;
};

/** Detects a dead connection by pinging. */
export class Heartbeat {
  readonly #options: HeartbeatOptions;
  readonly #intervalMs: number;
  #isProbing = false;
  #cancelBeat: () => void = () => undefined;
  #cancelWatch: () => void = () => undefined;
  #cancelAwaiting: (() => void) | undefined;

  constructor(options: HeartbeatOptions) {
    this.#options = options;
    this.#intervalMs = Math.min(Math.max(options.intervalMs, MIN_INTERVAL_MS), MAX_INTERVAL_MS);
  }

  start(): void {
    this.#beatLater();
    this.#watch(GONE_AFTER_BEATS * this.#intervalMs);
  }

  /** Pings now, and reports the loss soon if nothing comes back. */
  probe(): void {
    if (this.#isProbing) return;
    const { clock, ping, heardAtMs } = this.#options;
    const askedAtMs = clock.monotonicMs();
    this.#cancelWatch();
    this.#isProbing = true;
    ping();
    this.#cancelWatch = clock.after(PROBE_MS, () => {
      this.#isProbing = false;
      if (heardAtMs() < askedAtMs) this.#lose();
      else this.#watch(GONE_AFTER_BEATS * this.#intervalMs);
    });
  }

  /** Call it when something was sent that the server answers. Probes if nothing at all comes back: somebody is waiting. */
  awaitAnswer(bytes: number): void {
    const { clock, heardAtMs } = this.#options;
    const sentAtMs = clock.monotonicMs();
    // what is sent meanwhile is sent again before long, if it is not answered
    this.#cancelAwaiting ??= clock.after(ANSWER_MS + bytes / LEAST_BYTES_PER_MS, () => {
      this.#cancelAwaiting = undefined;
      if (heardAtMs() < sentAtMs) this.probe();
    });
  }

  stop(): void {
    this.#cancelBeat();
    this.#cancelWatch();
    this.#cancelAwaiting?.();
  }

  #beatLater(): void {
    const { clock, random, ping } = this.#options;
    this.#cancelBeat = clock.after(this.#intervalMs * (1 - JITTER * random()), () => {
      ping();
      this.#beatLater();
    });
  }

  #watch(goneAfterMs: number): void {
    const { clock, heardAtMs } = this.#options;
    const leftMs = goneAfterMs - (clock.monotonicMs() - heardAtMs());
    if (leftMs <= 0) return this.#lose();
    this.#cancelWatch = clock.after(leftMs, () => this.#watch(goneAfterMs));
  }

  #lose(): void {
    this.stop();
    this.#options.onLost();
  }
}
