/** Callbacks of a transport. None is called after `onClose`. */
export type TransportEvents = {
  /** Bytes in order: arbitrary chunks on TCP, whole frames on a WebSocket. */
  onBytes(chunk: Uint8Array): void;
  /** Called exactly once, however the connection ended. `code`: the WebSocket close code; 1006 where there is none. */
  onClose(code: number, reason: string): void;
};

export type TransportConnection = {
  /** No effect once the connection has ended. */
  send(bytes: Uint8Array<ArrayBuffer>): void;
  /** Closes gracefully; `onClose` follows when the peer has answered. */
  close(): void;
  /** Closes at once, without a handshake; `onClose` follows. */
  destroy(): void;
};

/** The interface between SDK and network: a WebSocket everywhere, TCP on Node. */
export interface Transport {
  /** Resolves when bytes can be sent. Rejects with `ServerUnreachable`, or with the signal's reason; aborting also cancels an attempt in progress. */
  connect(
    url: string,
    events: TransportEvents,
    options: { signal: AbortSignal },
  ): Promise<TransportConnection>;
}
