import { createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, type TLSSocket, type TlsOptions } from 'node:tls';
import { closeCodes, encodeDownstream } from '@securechat/protocol';
import { type AddressLimit, addressRefusal } from '../limits/address-limit.ts';
import { addressKey } from './address.ts';
import { ALPN } from './tls.ts';
import type { Accept, Transport } from './transport.ts';

/** TLS handshakes that take longer are given up. */
const TLS_HANDSHAKE_TIMEOUT_MS = 10_000;
/** A peer that was turned away may take this long to read why. */
const TURNED_AWAY_MS = 2_000;

/** The TCP door: the same frames on a byte stream, under TLS 1.3 with ALPN `scht/1` where TLS is terminated here. */
export async function openTcpDoor(options: {
  host: string;
  port: number;
  tls: TlsOptions | undefined;
  addresses: AddressLimit;
  accept: Accept;
}): Promise<{ port: number; close(): Promise<void> }> {
  const { addresses, accept } = options;
  const onSocket = (socket: Socket): void => {
    socket.setNoDelay(true);
    socket.on('error', () => {
      // 'close' follows and is what counts.
    });
    void enter(socket, addresses, accept);
  };

  let server: Server;
  if (options.tls) {
    server = createTlsServer({
      ...options.tls,
      ALPNProtocols: [ALPN],
      handshakeTimeout: TLS_HANDSHAKE_TIMEOUT_MS,
    });
    server.on('secureConnection', (socket: TLSSocket) => {
      if (socket.alpnProtocol === ALPN) onSocket(socket);
      else socket.destroy();
    });
    server.on('tlsClientError', (_error: Error, socket: TLSSocket) => socket.destroy());
    // Before any TLS work: an address that is full here is full everywhere. Without TLS it is told so.
    server.on('connection', (socket: Socket) => {
      if (addresses.isFullHere(addressKey(socket.remoteAddress))) socket.destroy();
    });
  } else {
    server = createServer(onSocket);
  }

  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, options.host, resolve);
  });
  const bound = server.address();
  return {
    port: typeof bound === 'object' && bound ? bound.port : options.port,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

async function enter(socket: Socket, addresses: AddressLimit, accept: Accept): Promise<void> {
  const address = socket.remoteAddress;
  const key = addressKey(address);
  socket.pause();
  const admitted = await addresses.enter(key);
  if (socket.destroyed) {
    if (admitted) addresses.leave(key);
    return;
  }
  if (!admitted) return turnAway(socket);
  socket.once('close', () => addresses.leave(key));
  carry(socket, accept, address ?? 'unknown');
}

/** Says why, and lets go also of a peer that does not. What it still sends is read, or it would not see the answer. */
function turnAway(socket: Socket): void {
  const timer = setTimeout(() => socket.destroy(), TURNED_AWAY_MS);
  socket.once('close', () => clearTimeout(timer));
  socket.resume();
  socket.end(encodeDownstream('error', addressRefusal));
}

function carry(socket: Socket, accept: Accept, address: string): void {
  const transport: Transport = {
    kind: 'tcp',
    chunksAreWhole: false,
    write: (bytes) => socket.write(bytes),
    bufferedBytes: () => socket.writableLength,
    pause: () => socket.pause(),
    resume: () => socket.resume(),
    close(reason) {
      const { code, says } = closeCodes[reason];
      socket.end(encodeDownstream('goaway', { type: 'goaway', code, reason: says }));
    },
    destroy: () => socket.destroy(),
  };
  const events = accept(transport, address);
  socket.on('data', (chunk: Buffer) => events.onBytes(chunk));
  // A half-closed client cannot log in or acknowledge any more.
  socket.on('end', () => socket.end());
  socket.on('close', () => events.onClosed());
  socket.resume();
}
