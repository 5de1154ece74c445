/** What a transport tells. Nothing is told after `onClose`. */
export type TransportEvents = {
  /** Bytes in order: parts of frames on TCP, whole frames on a WebSocket. */
  onBytes(chunk: Uint8Array): void;
  /** Once, in whatever way it ended. `code` is that of the WebSocket; where there is none, 1006. */
  onClose(code: number, reason: string): void;
};

export type TransportConnection = {
  /** Without effect once the connection has ended. */
  send(bytes: Uint8Array<ArrayBuffer>): void;
  /** Says goodbye; `onClose` follows when the peer has answered. */
  close(): void;
  /** Ends at once, without a word; `onClose` follows. */
  destroy(): void;
};

/** The seam between the SDK and the network: a WebSocket everywhere, TCP in Node. */
export interface Transport {
  /**
   * Resolves when bytes can be sent. Fails with `ServerUnreachable`, or with the signal's reason, which also ends an
   * attempt that is under way.
   */
  connect(
    url: string,
    events: TransportEvents,
    options: { signal: AbortSignal },
  ): Promise<TransportConnection>;
}
