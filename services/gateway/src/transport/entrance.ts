import type { Server, Socket } from 'node:net';
import { addressKey, createSocketShares, type NetworkMatcher } from '@securechat/kernel';
import type { AddressLimit } from '../limits/address-limit.ts';
import type { Storm } from '../limits/storm.ts';
import { readProxyHeader } from './proxy-protocol.ts';

/** A proxy sends its header at once; later only if its first packet was lost. */
const PROXY_HEADER_MS = 3_000;

export type EntranceOptions = {
  /** Trusted proxies start each connection with a PROXY protocol header; nobody else does. */
  proxyProtocol: boolean;
  isTrustedProxy: NetworkMatcher;
  /** With TLS, sockets that will be refused anyway are refused before they cost a handshake. */
  hasTls: boolean;
  addresses: AddressLimit;
  storm: Storm;
  onRefused(reason: 'proxy_header' | 'sockets_per_address'): void;
};

type Ends = Partial<
  Record<'remoteAddress' | 'localAddress', string> & Record<'remotePort' | 'localPort', number>
>;

export type Entrance = {
  /** The client's address for a socket of this server or the TLS socket around it, as reported by a trusted proxy. */
  addressOf(socket: Ends): string | undefined;
};

/**
 * Stands before a door, whatever its server makes of a socket: reads the PROXY header, and turns away addresses with
 * too many sockets. From anyone but a trusted proxy the header is not read: the door then finds a protocol that it
 * does not speak.
 */
export function guardEntrance(server: Server, options: EntranceOptions): Entrance {
  const { isTrustedProxy, addresses } = options;
  // A TLS socket reveals nothing of its inner socket but the two endpoints, which are unique while it is open.
  const told = new Map<string, { source: string }>();
  const shares = createSocketShares(addresses.mostSockets);
  const doors = server.listeners('connection') as ((socket: Socket) => void)[];
  server.removeAllListeners('connection');

  function letIn(socket: Socket, address: string | undefined): void {
    if (!maySocketCome(socket, address)) return void socket.destroy();
    for (const door of doors) door.call(server, socket);
  }

  function maySocketCome(socket: Socket, address: string | undefined): boolean {
    const key = addressKey(address);
    // A proxy's sockets belong to many clients.
    const isProxy = isTrustedProxy(address);
    if (!isProxy && !shares.take(socket, address)) {
      options.onRefused('sockets_per_address');
      return false;
    }
    // Without TLS, the door itself tells them why.
    if (!options.hasTls) return true;
    // The address's own limit first: a socket that will be refused anyway must not use up the shared budget.
    return !addresses.isFullHere(key) && options.storm.maySocketCome(isProxy ? undefined : key);
  }

  function readHeader(socket: Socket): void {
    let bytes: Buffer = Buffer.alloc(0);
    const refuse = (): void => {
      options.onRefused('proxy_header');
      socket.destroy();
    };
    const timer = setTimeout(refuse, PROXY_HEADER_MS);
    const ignore = (): void => {
      // 'close' follows and is what counts.
    };
    const stopReading = (): void => {
      clearTimeout(timer);
      socket.off('readable', onReadable).off('end', refuse).off('close', stopReading).off('error', ignore);
    };
    const onReadable = (): void => {
      bytes = Buffer.concat([bytes, (socket.read() as Buffer | null) ?? Buffer.alloc(0)]);
      const header = readProxyHeader(bytes);
      if (header === 'incomplete') return;
      stopReading();
      if (header === 'wrong') return refuse();
      if (socket.destroyed) return;
      if (bytes.length > header.length) socket.unshift(bytes.subarray(header.length));
      const { source } = header;
      if (source !== undefined) {
        const [ends, entry] = [endsOf(socket), { source }];
        told.set(ends, entry);
        // It may close late, when the next socket already has the same endpoints.
        socket.once('close', () => told.get(ends) === entry && told.delete(ends));
      }
      letIn(socket, source ?? socket.remoteAddress);
    };
    socket.on('readable', onReadable).once('end', refuse).once('close', stopReading).on('error', ignore);
  }

  server.on('connection', (socket: Socket) => {
    if (options.proxyProtocol && isTrustedProxy(socket.remoteAddress)) readHeader(socket);
    else letIn(socket, socket.remoteAddress);
  });
  return { addressOf: (socket) => told.get(endsOf(socket))?.source ?? socket.remoteAddress };
}

function endsOf({ remoteAddress, remotePort, localAddress, localPort }: Ends): string {
  return `${remoteAddress} ${remotePort} ${localAddress} ${localPort}`;
}
