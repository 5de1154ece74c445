import type { Server, Socket } from 'node:net';
import { addressKey } from './client-address.ts';
import type { NetworkMatcher } from './networks.ts';

export type SocketShares = {
  /** Counts a socket until it closes. False, and not counted, when its address has its share already. */
  take(socket: Socket, address: string | undefined): boolean;
};

/** At most `share` open sockets for each IPv4 address or IPv6 /64, so that nobody alone has all places of a server. */
export function createSocketShares(share: number): SocketShares {
  const open = new Map<string, number>();

  function leave(key: string): void {
    const left = (open.get(key) ?? 0) - 1;
    if (left > 0) open.set(key, left);
    else open.delete(key);
  }

  return {
    take(socket, address) {
      const key = addressKey(address);
      const count = (open.get(key) ?? 0) + 1;
      if (count > share) return false;
      open.set(key, count);
      socket.once('close', () => leave(key));
      return true;
    },
  };
}

/** Cuts off the sockets of an address beyond its share. Those of trusted proxies belong to many clients. */
export function shareSockets(server: Server, share: number, isTrustedProxy: NetworkMatcher): void {
  const shares = createSocketShares(share);
  const listeners = server.listeners('connection') as ((socket: Socket) => void)[];
  server.removeAllListeners('connection');
  server.on('connection', (socket: Socket) => {
    const { remoteAddress } = socket;
    if (!isTrustedProxy(remoteAddress) && !shares.take(socket, remoteAddress)) return void socket.destroy();
    for (const listener of listeners) listener.call(server, socket);
  });
}
