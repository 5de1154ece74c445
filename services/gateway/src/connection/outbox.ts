import { MAX_PACKED_BYTES, MAX_PACKED_FRAMES } from '@securechat/protocol';
import type { Transport } from '../transport/transport.ts';

/** A client with this much unread data is too slow. */
const MAX_BUFFERED_BYTES = 1024 * 1024;

/**
 * Outgoing frames. All frames of one event-loop turn leave in one write: a system call costs about 10 µs, as much as
 * everything else done for a frame here.
 */
export class Outbox {
  readonly #transport: Transport;
  readonly #onSent: (bytes: number) => void;
  #frames: Uint8Array[] = [];
  #bytes = 0;
  #isScheduled = false;
  #lastBuffered = 0;
  #stuckSince: number | undefined;

  constructor(transport: Transport, onSent: (bytes: number) => void) {
    this.#transport = transport;
    this.#onSent = onSent;
  }

  send(frame: Uint8Array): void {
    if (this.#frames.length === MAX_PACKED_FRAMES || this.#bytes + frame.length > MAX_PACKED_BYTES)
      this.flush();
    this.#frames.push(frame);
    this.#bytes += frame.length;
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    waiting.push(this);
    if (waiting.length === 1) setImmediate(flushAll);
  }

  flush(): void {
    const frames = this.#frames;
    if (frames.length === 0) return;
    this.#onSent(this.#bytes);
    this.#frames = [];
    this.#bytes = 0;
    this.#transport.write(frames.length === 1 && frames[0] ? frames[0] : Buffer.concat(frames));
  }

  /** Not yet handed to the transport, plus handed over but not yet taken by the operating system. */
  get bufferedBytes(): number {
    return this.#bytes + this.#transport.bufferedBytes();
  }

  /** More is pending than a client may leave unread. */
  get isFull(): boolean {
    return this.bufferedBytes > MAX_BUFFERED_BYTES;
  }

  /** Polled: true when the pending bytes have not shrunk for longer than `stuckMs`, or are too many already. */
  isStuck(nowMs: number, stuckMs: number): boolean {
    if (this.isFull) return true;
    const buffered = this.bufferedBytes;
    const isMoving = buffered === 0 || buffered < this.#lastBuffered;
    this.#lastBuffered = buffered;
    this.#stuckSince = isMoving ? undefined : (this.#stuckSince ?? nowMs);
    return this.#stuckSince !== undefined && nowMs - this.#stuckSince > stuckMs;
  }

  endTurn(): void {
    this.#isScheduled = false;
    this.flush();
  }
}

/** Outboxes with something to send; one `setImmediate` serves them all. */
let waiting: Outbox[] = [];
function flushAll(): void {
  const outboxes = waiting;
  waiting = [];
  for (const outbox of outboxes) outbox.endTurn();
}
