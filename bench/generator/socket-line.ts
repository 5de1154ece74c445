import type { Line } from './drivers/driver.ts';
import type { FastWebSocket } from './websocket.ts';

/** A user's connection, whatever the protocol. A requested close is not a fault. */
export abstract class SocketLine implements Line {
  protected socket!: FastWebSocket;
  protected isClosing = false;

  send(frame: Uint8Array): void {
    this.socket.send(frame);
  }

  close(): void {
    this.isClosing = true;
    this.socket.close();
  }

  destroy(): void {
    this.isClosing = true;
    this.socket.destroy();
  }
}
