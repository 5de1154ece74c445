import type { OutboxItem } from '../../outbox/sealer.ts';

/** Pending operations that callers await, and the messages sent in this process. */
export class Outcomes {
  readonly #waiting = new Map<string, PromiseWithResolvers<void>>();
  readonly #sent = new Set<string>();
  readonly #onSent: (item: OutboxItem) => void;
  #abandoned: Error | undefined;

  constructor(onSent: (item: OutboxItem) => void) {
    this.#onSent = onSent;
  }

  /** Throws once outcomes can no longer be known. */
  demandOpen(): void {
    if (this.#abandoned) throw this.#abandoned;
  }

  /** Resolves when the server has accepted it, or when nothing was left to do. */
  of(itemId: string): Promise<void> {
    const known = this.#waiting.get(itemId) ?? Promise.withResolvers<void>();
    if (this.#abandoned) known.reject(this.#abandoned);
    else this.#waiting.set(itemId, known);
    // the caller may fail before it starts waiting
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

  /** Callers waiting for this item wait for the one replacing it. */
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

  /** Rejects all callers, now and later: outcomes will not be known. */
  abandon(reason: Error): void {
    this.#abandoned ??= reason;
    for (const { reject } of this.#waiting.values()) reject(reason);
    this.#waiting.clear();
  }
}

/** Why an own message or operation failed. */
export class Failed {
  readonly reason: Error;

  constructor(reason: Error) {
    this.reason = reason;
  }

  /** The name shown to people and programs. */
  get name(): string {
    return 'error' in this.reason ? String(this.reason.error) : this.reason.name;
  }
}
