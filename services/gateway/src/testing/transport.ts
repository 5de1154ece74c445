import {
  type CloseReason,
  type Downstream,
  decodeDownstream,
  downstreamLimit,
  FrameReader,
} from '@securechat/protocol';
import type { Transport } from '../transport/transport.ts';

/** The far peer's end of a pipe: records what the connection does to it. */
export class TestTransport implements Transport {
  readonly kind: 'websocket' | 'tcp';
  readonly chunksAreWhole: boolean;
  readonly writes: Uint8Array[] = [];
  isPaused = false;
  isDestroyed = false;
  closedFor: CloseReason | undefined;
  buffered = 0;

  constructor(kind: 'websocket' | 'tcp' = 'tcp') {
    this.kind = kind;
    this.chunksAreWhole = kind === 'websocket';
  }

  write(bytes: Uint8Array): void {
    this.writes.push(bytes);
  }

  bufferedBytes(): number {
    return this.buffered;
  }

  pause(): void {
    this.isPaused = true;
  }

  resume(): void {
    this.isPaused = false;
  }

  close(reason: CloseReason): void {
    this.closedFor = reason;
  }

  destroy(): void {
    this.isDestroyed = true;
  }

  /** Everything written so far, as messages. */
  messages(): Downstream[] {
    const messages: Downstream[] = [];
    const reader = new FrameReader(downstreamLimit);
    for (const bytes of this.writes) {
      reader.read(bytes, ({ type, payload }) => {
        const message = decodeDownstream(type, payload);
        if (message) messages.push(message);
      });
    }
    return messages;
  }
}

/** Resolves when the output of one event-loop turn has been written. */
export function turnEnded(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
