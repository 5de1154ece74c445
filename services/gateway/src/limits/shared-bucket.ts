import { doorLimits } from './table.ts';
import { TokenBucket } from './token-bucket.ts';

const SECOND_MS = 1_000;

/**
 * A token bucket for all addresses that no single one can empty: its last half is reserved for addresses that have
 * taken no more than a set share of it in this second. While nobody else comes, one address may take nearly all.
 */
export class SharedBucket {
  readonly #bucket: TokenBucket;
  readonly #kept: number;
  readonly #share: number;
  /** Tokens given in this second by address; no more entries than the bucket has tokens. */
  readonly #given = new Map<string, number>();
  #secondBegan = 0;

  constructor(perSecond: number) {
    this.#bucket = new TokenBucket(perSecond);
    this.#kept = perSecond / 2;
    this.#share = Math.max(1, perSecond * doorLimits.sharePerAddress);
  }

  /** An undefined address stands for many clients, and has no share. */
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
