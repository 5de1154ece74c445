import { createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, type TLSSocket } from 'node:tls';
import { addressKey } from '@securechat/kernel';
import { type CloseReason, closeCodes, closeTexts, encodeDownstream } from '@securechat/protocol';
import { addressRefusal } from '../limits/address-limit.ts';
import type { Door, DoorOptions } from './door.ts';
import { type Entrance, guardEntrance } from './entrance.ts';
import { ALPN } from './tls.ts';
import type { Accept, Transport } from './transport.ts';

/** How long a refused peer may take to read the reason. */
const TURNED_AWAY_MS = 2_000;

/** The TCP door: the same frames on a byte stream, under TLS 1.3 with ALPN `scht/1` where TLS is terminated here. */
export async function openTcpDoor(options: DoorOptions): Promise<Door> {
  const onSocket = (socket: Socket): void => {
    socket.setNoDelay(true);
    socket.on('error', () => {
      // 'close' follows and is what counts.
    });
    void enter(socket, entrance, options);
  };

  const tlsServer =
    options.tls &&
    createTlsServer({ ...options.tls, ALPNProtocols: [ALPN], handshakeTimeout: options.handshakeTimeoutMs });
  tlsServer?.on('secureConnection', (socket: TLSSocket) => {
    if (socket.alpnProtocol === ALPN) onSocket(socket);
    else socket.destroy();
  });
  tlsServer?.on('tlsClientError', (_error: Error, socket: TLSSocket) => socket.destroy());
  const server: Server = tlsServer ?? createServer(onSocket);
  const entrance = guardEntrance(server, {
    ...options,
    hasTls: tlsServer !== undefined,
    onRefused: options.onTurnedAway,
  });

  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, options.host, resolve);
  });
  const bound = server.address();
  return {
    port: typeof bound === 'object' && bound ? bound.port : options.port,
    renew: (certificate) => tlsServer?.setSecureContext(certificate),
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

async function enter(
  socket: Socket,
  entrance: Entrance,
  { addresses, storm, accept }: DoorOptions,
): Promise<void> {
  const address = entrance.addressOf(socket);
  const key = addressKey(address);
  socket.pause();
  // A socket that will be refused anyway must not use up the shared budget.
  if (addresses.isFullHere(key)) return turnAway(socket, [encodeDownstream('error', addressRefusal)]);
  const tooMany = storm.refusal(key);
  if (tooMany) {
    return turnAway(socket, [
      encodeDownstream('error', tooMany),
      goaway('server_unavailable', tooMany.retry_after_ms),
    ]);
  }
  const admitted = await addresses.enter(key);
  if (socket.destroyed) {
    if (admitted) addresses.leave(key);
    return;
  }
  if (!admitted) return turnAway(socket, [encodeDownstream('error', addressRefusal)]);
  socket.once('close', () => addresses.leave(key));
  carry(socket, accept, address ?? 'unknown');
}

/** Sends the reason, and closes even if the peer does not. Keeps reading, or the peer would not see the answer. */
function turnAway(socket: Socket, frames: Uint8Array[]): void {
  const timer = setTimeout(() => socket.destroy(), TURNED_AWAY_MS);
  socket.once('close', () => clearTimeout(timer));
  socket.resume();
  socket.end(Buffer.concat(frames));
}

function goaway(reason: CloseReason, reconnectAfterMs?: number): Uint8Array {
  const told = { code: closeCodes[reason], reason: closeTexts[reason] };
  const hint = reconnectAfterMs === undefined ? {} : { reconnect_after_ms: reconnectAfterMs };
  return encodeDownstream('goaway', { type: 'goaway', ...told, ...hint });
}

function carry(socket: Socket, accept: Accept, address: string): void {
  const transport: Transport = {
    kind: 'tcp',
    chunksAreWhole: false,
    write: (bytes) => socket.write(bytes),
    bufferedBytes: () => socket.writableLength,
    pause: () => socket.pause(),
    resume: () => socket.resume(),
    close: (reason) => void socket.end(goaway(reason)),
    destroy: () => socket.destroy(),
  };
  const events = accept(transport, address);
  socket.on('data', (chunk: Buffer) => events.onBytes(chunk));
  // A half-closed client can no longer log in or acknowledge.
  socket.on('end', () => socket.end());
  socket.on('close', () => events.onClosed());
  socket.resume();
}
