import type { TlsOptions } from 'node:tls';
import websocket from '@fastify/websocket';
import { closeCodes, HEADER_BYTES, MAX_GROUP_OPERATION_BYTES } from '@securechat/protocol';
import Fastify, { type FastifyInstance } from 'fastify';
import type { WebSocket } from 'ws';
import { type AddressLimit, addressRefusal } from '../limits/address-limit.ts';
import { addressKey } from './address.ts';
import type { Accept, Transport } from './transport.ts';

export const SUBPROTOCOL = 'scht.v1';
export const WS_PATH = '/v1/ws';

/** Largest frame with room for a few small ones packed behind it. */
const MAX_MESSAGE_BYTES = MAX_GROUP_OPERATION_BYTES + HEADER_BYTES + 64 * 1024;
/** A slow client may take this long for its request line and headers (slow-header attacks). */
const HEADERS_TIMEOUT_MS = 5_000;
const REQUEST_TIMEOUT_MS = 10_000;

/** The WebSocket door: one path, one sub-protocol, binary messages only. */
export async function openWebSocketDoor(options: {
  host: string;
  port: number;
  tls: TlsOptions | undefined;
  addresses: AddressLimit;
  accept: Accept;
}): Promise<{ port: number; close(): Promise<void> }> {
  const { addresses, accept } = options;
  const app = createApp(options.tls);
  app.server.headersTimeout = HEADERS_TIMEOUT_MS;
  app.server.requestTimeout = REQUEST_TIMEOUT_MS;
  // Before any TLS work: an address that is full here is full everywhere. Without TLS it is told so.
  if (options.tls) {
    app.server.on('connection', (socket) => {
      if (addresses.isFullHere(addressKey(socket.remoteAddress))) socket.destroy();
    });
  }

  await app.register(websocket, {
    // By default the plugin ends all clients at once when the door closes; they are sent away in order instead.
    preClose: (done: () => void) => done(),
    options: {
      maxPayload: MAX_MESSAGE_BYTES,
      // Ciphertext does not compress, and compression beside secrets is an oracle.
      perMessageDeflate: false,
      handleProtocols: (offered: Set<string>) => (offered.has(SUBPROTOCOL) ? SUBPROTOCOL : false),
      // The default of 16,384 lets one message cost far more memory than its bytes.
      maxFragments: 64,
      maxBufferedChunks: 1024,
    },
  });
  app.get(
    WS_PATH,
    {
      websocket: true,
      async preValidation(request, reply) {
        const offered = request.headers['sec-websocket-protocol']?.split(',').map((name) => name.trim());
        if (!offered?.includes(SUBPROTOCOL)) {
          return reply.code(400).send({ error: `The WebSocket sub-protocol ${SUBPROTOCOL} must be offered` });
        }
        // Only what becomes a connection takes a place; the handler answers other requests with 404.
        if (!request.ws) return;
        const { socket } = request.raw;
        const address = addressKey(request.ip);
        const admitted = await addresses.enter(address);
        if (!admitted) {
          return reply.code(429).header('retry-after', '60').send(addressRefusal);
        }
        // It may have gone while the limit was asked for. The closure holds the address and nothing of the request.
        if (socket.destroyed) addresses.leave(address);
        else socket.once('close', () => addresses.leave(address));
      },
    },
    (socket, request) => carry(socket, accept, request.ip),
  );
  await app.listen({ host: options.host, port: options.port });
  const bound = app.server.address();
  const port = typeof bound === 'object' && bound ? bound.port : options.port;
  return { port, close: async () => await app.close() };
}

function createApp(tls: TlsOptions | undefined): FastifyInstance {
  const common = { logger: false, forceCloseConnections: true } as const;
  return tls ? (Fastify({ ...common, https: tls }) as unknown as FastifyInstance) : Fastify(common);
}

function carry(socket: WebSocket, accept: Accept, address: string): void {
  const transport: Transport = {
    kind: 'websocket',
    chunksAreWhole: true,
    write: (bytes) => socket.send(bytes),
    bufferedBytes: () => socket.bufferedAmount,
    pause: () => socket.pause(),
    resume: () => socket.resume(),
    close: (reason) => socket.close(closeCodes[reason].code, closeCodes[reason].says),
    destroy: () => socket.terminate(),
  };
  const events = accept(transport, address);
  socket.on('message', (data, isBinary) => {
    if (isBinary && Buffer.isBuffer(data)) events.onBytes(data);
    else events.onForeign();
  });
  socket.on('close', () => events.onClosed());
  // ws closes the connection itself with the fitting code; 'close' follows.
  socket.on('error', () => {});
}
