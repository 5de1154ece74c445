import type { OutboxItem } from '../../outbox/sealer.ts';

/** Who waits for an operation, and what has been sent on this connection or an earlier one of this process. */
export class Outcomes {
  readonly #waiting = new Map<string, PromiseWithResolvers<void>>();
  readonly #sent = new Set<string>();
  readonly #onSent: (item: OutboxItem) => void;
  #abandoned: Error | undefined;

  constructor(onSent: (item: OutboxItem) => void) {
    this.#onSent = onSent;
  }

  /** Throws when nobody will know. */
  demandOpen(): void {
    if (this.#abandoned) throw this.#abandoned;
  }

  /** Resolves when the server has taken it, or it was done already. */
  of(itemId: string): Promise<void> {
    const known = this.#waiting.get(itemId) ?? Promise.withResolvers<void>();
    if (this.#abandoned) known.reject(this.#abandoned);
    else this.#waiting.set(itemId, known);
    // whoever asks may fail before it waits
    known.promise.catch(() => undefined);
    return known.promise;
  }

  settle(itemId: string, failure: Error | undefined): void {
    this.#sent.delete(itemId);
    const waiting = this.#waiting.get(itemId);
    this.#waiting.delete(itemId);
    if (failure) waiting?.reject(failure);
    else waiting?.resolve();
  }

  /** Who waits for this one waits for another, which does the same. */
  pass(itemId: string, to: string): void {
    const waiting = this.#waiting.get(itemId);
    this.#waiting.delete(itemId);
    if (waiting) this.#waiting.set(to, waiting);
  }

  sent(item: OutboxItem): void {
    if (this.#sent.has(item.id)) return;
    this.#sent.add(item.id);
    this.#onSent(item);
  }

  isSent(itemId: string): boolean {
    return this.#sent.has(itemId);
  }

  /** Nobody will know any more. */
  abandon(reason: Error): void {
    this.#abandoned ??= reason;
    for (const { reject } of this.#waiting.values()) reject(reason);
    this.#waiting.clear();
  }
}

/** Why something of ours was not done. */
export class Failed {
  readonly reason: Error;

  constructor(reason: Error) {
    this.reason = reason;
  }

  /** The name that people and programs are shown. */
  get name(): string {
    return 'error' in this.reason ? String(this.reason.error) : this.reason.name;
  }
}
