import type { IncomingMessage, ServerResponse } from 'node:http';
import { isIP, type Socket } from 'node:net';
import type { Server as TlsServer } from 'node:tls';
import websocket from '@fastify/websocket';
import { addressKey } from '@securechat/kernel';
import {
  type CloseReason,
  closeCodes,
  closeTexts,
  HEADER_BYTES,
  MAX_FILE_CHUNK_FRAME_BYTES,
} from '@securechat/protocol';
import Fastify, { type FastifyInstance, type FastifyRequest } from 'fastify';
import type { WebSocket } from 'ws';
import { type AddressLimit, addressRefusal } from '../limits/address-limit.ts';
import type { Door, DoorOptions } from './door.ts';
import { guardEntrance } from './entrance.ts';
import type { Accept, Transport } from './transport.ts';

const SUBPROTOCOL = 'scht.v1';
const WS_PATH = '/v1/ws';

/** The largest frame, with room for a few small ones packed behind it. */
const MAX_MESSAGE_BYTES = MAX_FILE_CHUNK_FRAME_BYTES + HEADER_BYTES + 64 * 1024;
/** How long a slow client may take for its request line and headers (slow-header attacks). */
const HEADERS_TIMEOUT_MS = 5_000;
const REQUEST_TIMEOUT_MS = 10_000;
/** Granularity with which these are enforced. */
const LOOK_AT_REQUESTS_MS = 1_000;

/** The WebSocket door: one path, one sub-protocol, binary messages only. */
export async function openWebSocketDoor(options: DoorOptions): Promise<Door> {
  const { addresses, storm, accept, onTurnedAway } = options;
  /** Unused after an upgrade, but the socket would retain it, and with it the whole request. */
  const responses = new WeakMap<IncomingMessage, ServerResponse>();
  const app = createApp(options);
  const entrance = guardEntrance(app.server, {
    ...options,
    hasTls: options.tls !== undefined,
    onRefused: onTurnedAway,
  });

  /** Behind an HTTP proxy it comes from X-Forwarded-For; a value from a trusted proxy that is no address is ignored. */
  function addressOf(request: FastifyRequest): string | undefined {
    const { socket } = request.raw;
    if (options.proxyProtocol) return entrance.addressOf(socket);
    return isIP(request.ip) === 0 ? socket.remoteAddress : request.ip;
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
      // Otherwise the pongs for a client that pings without reading pile up.
      autoPong: false,
    },
  });
  app.get(
    WS_PATH,
    {
      websocket: true,
      async preValidation(request, reply) {
        const { origin } = request.headers;
        if (origin !== undefined && !options.isAllowedOrigin(origin)) {
          onTurnedAway('origin');
          return reply.code(403).send({ error: 'Pages of this origin may not use this server' });
        }
        const offered = request.headers['sec-websocket-protocol']?.split(',').map((name) => name.trim());
        if (!offered?.includes(SUBPROTOCOL)) {
          return reply.code(400).send({ error: `The WebSocket sub-protocol ${SUBPROTOCOL} must be offered` });
        }
        // Only what becomes a connection takes a place; the handler answers other requests with 404.
        if (!request.ws) return;
        const { socket } = request.raw;
        const address = addressKey(addressOf(request));
        const refuse = () => reply.code(429).header('retry-after', '60').send(addressRefusal);
        // A request that will be refused anyway must not use up the shared budget.
        if (addresses.isFullHere(address)) return refuse();
        const tooMany = storm.refusal(address);
        if (tooMany) {
          const seconds = Math.ceil(tooMany.retry_after_ms / 1000);
          return reply.code(503).header('retry-after', seconds).send(tooMany);
        }
        const admitted = await addresses.enter(address);
        if (!admitted) return refuse();
        // It may have gone while the limit was being asked.
        if (socket.destroyed) addresses.leave(address);
        else leaveWithSocket(socket, addresses, address);
        responses.set(request.raw, reply.raw);
      },
    },
    (socket, request) => {
      responses.get(request.raw)?.detachSocket(request.raw.socket);
      // The plugin's listener holds the request and the reply for as long as the connection lasts.
      socket.removeAllListeners('error');
      carry(socket, accept, addressOf(request) ?? 'unknown');
    },
  );
  await app.listen({ host: options.host, port: options.port });
  const bound = app.server.address();
  const port = typeof bound === 'object' && bound ? bound.port : options.port;
  return {
    port,
    renew: (certificate) => (app.server as unknown as TlsServer).setSecureContext(certificate),
    close: async () => await app.close(),
  };
}

function createApp({ tls, handshakeTimeoutMs, proxyProtocol, isTrustedProxy }: DoorOptions): FastifyInstance {
  const common = {
    logger: false,
    forceCloseConnections: true,
    trustProxy: proxyProtocol ? false : isTrustedProxy,
    requestTimeout: Math.min(REQUEST_TIMEOUT_MS, handshakeTimeoutMs),
  } as const;
  const http = {
    headersTimeout: Math.min(HEADERS_TIMEOUT_MS, handshakeTimeoutMs),
    connectionsCheckingInterval: LOOK_AT_REQUESTS_MS,
  };
  if (!tls) return Fastify({ ...common, http });
  const https = { ...tls, ...http, handshakeTimeout: handshakeTimeoutMs };
  return Fastify({ ...common, https }) as unknown as FastifyInstance;
}

/** A function of its own, because closures from one call share their scope: here a request with all its headers. */
function leaveWithSocket(socket: Socket, addresses: AddressLimit, address: string): void {
  socket.once('close', () => addresses.leave(address));
}

/** A class, because ten thousand connections would otherwise have six closures each. */
class WebSocketTransport implements Transport {
  readonly kind = 'websocket';
  readonly chunksAreWhole = true;
  readonly #socket: WebSocket;

  constructor(socket: WebSocket) {
    this.#socket = socket;
  }

  write(bytes: Uint8Array): void {
    this.#socket.send(bytes);
  }

  bufferedBytes(): number {
    return this.#socket.bufferedAmount;
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  close(reason: CloseReason): void {
    this.#socket.close(closeCodes[reason], closeTexts[reason]);
  }

  destroy(): void {
    this.#socket.terminate();
  }
}

function carry(socket: WebSocket, accept: Accept, address: string): void {
  const events = accept(new WebSocketTransport(socket), address);
  socket.on('message', (data, isBinary) => {
    if (isBinary && Buffer.isBuffer(data)) events.onBytes(data);
    else events.onForeign();
  });
  socket.on('ping', (data) => events.onPing(() => socket.pong(data)));
  socket.on('close', () => events.onClosed());
  // ws closes the connection itself with the fitting code; 'close' follows.
  socket.on('error', ignore);
}

function ignore(): void {
  // see where it is registered
}
