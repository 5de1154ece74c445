import { doorLimits } from './table.ts';
import { TokenBucket } from './token-bucket.ts';

const SECOND_MS = 1_000;

/**
 * A bucket for all addresses that none of them can empty alone: its last half is kept for addresses that have had no more
 * than a share of it in this second. While nobody else comes, one address may take nearly all.
 */
export class SharedBucket {
  readonly #bucket: TokenBucket;
  readonly #kept: number;
  readonly #share: number;
  /** What was given in this second; no more entries than the bucket gives in it. */
  readonly #given = new Map<string, number>();
  #secondBegan = 0;

  constructor(perSecond: number) {
    this.#bucket = new TokenBucket(perSecond);
    this.#kept = perSecond / 2;
    this.#share = Math.max(1, perSecond * doorLimits.sharePerAddress);
  }

  /** Of no address: one who stands for many, and has no share. */
  take(address: string | undefined, nowMs: number): boolean {
    if (address === undefined) return this.#bucket.take(nowMs);
    if (nowMs - this.#secondBegan >= SECOND_MS) {
      this.#given.clear();
      this.#secondBegan = nowMs;
    }
    const given = this.#given.get(address) ?? 0;
    if (!this.#bucket.take(nowMs, given < this.#share ? 0 : this.#kept)) return false;
    this.#given.set(address, given + 1);
    return true;
  }
}
