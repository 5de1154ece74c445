import type { SecureContextOptions } from 'node:tls';
import type { Door, DoorOptions } from './door.ts';
import { openTcpDoor } from './tcp.ts';
import { openWebSocketDoor } from './websocket.ts';

export type Doors = {
  /** WebSocket, then TCP. After a failure those already open must still be closed. */
  open(
    options: Omit<DoorOptions, 'port' | 'proxyProtocol'>,
    each: Record<'ws' | 'tcp', Pick<DoorOptions, 'port' | 'proxyProtocol'>>,
  ): Promise<{ wsPort: number; tcpPort: number }>;
  readonly isAnyOpen: boolean;
  renew(certificate: SecureContextOptions): void;
  /** Accepts nobody any more; resolves when the last client has gone. */
  close(): Promise<void>;
};

/** Both doors of a gateway as one. */
export function createDoors(): Doors {
  const doors: Door[] = [];
  return {
    async open(options, { ws, tcp }) {
      const websocket = await openWebSocketDoor({ ...options, ...ws });
      doors.push(websocket);
      const fallback = await openTcpDoor({ ...options, ...tcp });
      doors.push(fallback);
      return { wsPort: websocket.port, tcpPort: fallback.port };
    },
    get isAnyOpen() {
      return doors.length > 0;
    },
    renew(certificate) {
      for (const door of doors) door.renew(certificate);
    },
    async close() {
      await Promise.all(doors.splice(0).map((door) => door.close()));
    },
  };
}
