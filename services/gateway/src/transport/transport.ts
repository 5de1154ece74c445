import type { CloseReason } from '@securechat/protocol';

/** A byte pipe to one client, over either transport. */
export type Transport = {
  readonly kind: 'websocket' | 'tcp';
  /** A WebSocket message must hold whole frames; on TCP a chunk may end anywhere. */
  readonly chunksAreWhole: boolean;
  /** Sends one or more whole frames. */
  write(bytes: Uint8Array): void;
  /** Written and not yet taken by the operating system. */
  bufferedBytes(): number;
  pause(): void;
  resume(): void;
  /** Closes gracefully, with the reason. */
  close(reason: CloseReason): void;
  /** Ends at once. */
  destroy(): void;
};

/** What a transport reports to the connection that it carries. */
export type TransportEvents = {
  onBytes(chunk: Uint8Array): void;
  /** Something that is not a frame at all, e.g. a WebSocket text message. */
  onForeign(): void;
  /** A WebSocket ping; `answer` sends the pong. */
  onPing(answer: () => void): void;
  onClosed(): void;
};

/** Called for each new client; the transport delivers to what it returns. */
export type Accept = (transport: Transport, address: string) => TransportEvents;
