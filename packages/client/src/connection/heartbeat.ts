import { HEARTBEAT_INTERVAL_MS, PEER_GONE_AFTER_MS } from '@securechat/protocol';
import type { Clock } from '../clock.ts';

/** Beats come up to this share early, so that clients that began together drift apart. */
const JITTER = 0.2;
/** The server's word for the interval is kept within these: nobody may make a phone beat all the time, or never. */
const MIN_INTERVAL_MS = 5_000;
const MAX_INTERVAL_MS = 5 * 60_000;
/** Two missed beats, and half an interval for a slow link: the same share of the interval as the server counts. */
const GONE_AFTER_BEATS = PEER_GONE_AFTER_MS / HEARTBEAT_INTERVAL_MS;
/** Whoever has a doubt does not wait for two beats. */
const PROBE_MS = 5_000;

export type HeartbeatOptions = {
  clock: Clock;
  random: () => number;
  intervalMs: number;
  ping(): void;
  /** Monotonic milliseconds. Whatever comes shows that the server is there, not only its answers. */
  heardAtMs(): number;
  onLost(): void;
};

/** Listens to the heart of a connection. */
export class Heartbeat {
  readonly #options: HeartbeatOptions;
  readonly #intervalMs: number;
  #isProbing = false;
  #cancelBeat: () => void = () => undefined;
  #cancelWatch: () => void = () => undefined;

  constructor(options: HeartbeatOptions) {
    this.#options = options;
    this.#intervalMs = Math.min(Math.max(options.intervalMs, MIN_INTERVAL_MS), MAX_INTERVAL_MS);
  }

  start(): void {
    this.#beatLater();
    this.#watch(GONE_AFTER_BEATS * this.#intervalMs);
  }

  /** Beats now, and gives up soon when nothing comes back. */
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

  stop(): void {
    this.#cancelBeat();
    this.#cancelWatch();
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
