import { createServer as createHttpServer } from 'node:http';
import { createServer as createTcpServer, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { certificateTranscript, createChallenge, signServerHello } from '@securechat/crypto/challenge';
import { createSigningKey, keyId, type SigningKey } from '@securechat/crypto/sign';
import {
  DEFAULT_RETRY_POLICY,
  type Downstream,
  type DownstreamName,
  decodeUpstream,
  type ErrorDetail,
  type ErrorName,
  encodeDownstream,
  errorMessage,
  FrameReader,
  PROTOCOL_VERSION,
  type Upstream,
  upstreamLimit,
} from '@securechat/protocol';
import { WebSocketServer } from 'ws';
import { nowSeconds } from '../enrolment.ts';
import type { RawTarget } from '../raw-transport.ts';
import { createSelfSigned } from '../self-signed.ts';

/** A connection as the server sees it. */
export type Peer = {
  send<N extends DownstreamName>(name: N, message: Downstream<N>): void;
  refuse(error: ErrorName, detail?: ErrorDetail): void;
  write(bytes: Uint8Array): void;
  /** WebSocket only. */
  sendText(text: string): void;
  end(code?: number): void;
};

export type TinyGateway = {
  readonly websocket: RawTarget;
  readonly tcp: RawTarget;
  readonly tls: RawTarget;
  close(): Promise<void>;
};

/** Just enough of a server to test clients: passes each message to `onMessage`, which may answer. */
export async function startTinyGateway(
  onMessage: (message: Upstream, peer: Peer) => void,
): Promise<TinyGateway> {
  const { certificate, key } = createSelfSigned();
  // a server's `close` waits for its sockets, including those of strangers
  const sockets = new Set<Socket>();
  const keep = (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  };
  const serve = (socket: Socket): void => serveStream(socket, onMessage);
  const tcp = createTcpServer(serve);
  const tls = createTlsServer(
    { cert: certificate, key, minVersion: 'TLSv1.3', ALPNProtocols: ['scht/1'] },
    serve,
  );
  const http = createHttpServer();
  const servers = [tcp, tls, http];
  for (const server of servers) server.on('connection', keep);
  const websocket = new WebSocketServer({ server: http, handleProtocols: () => 'scht.v1' });
  websocket.on('connection', (socket) => {
    const peer = peerOf(
      (bytes) => socket.send(bytes),
      (code) => (code === undefined ? socket.terminate() : socket.close(code, 'told to')),
      (text) => socket.send(text),
    );
    const reader = new FrameReader(upstreamLimit);
    socket.on('message', (data) =>
      reader.read(data as Buffer, ({ type, payload }) => onMessage(decodeUpstream(type, payload), peer)),
    );
  });
  await Promise.all(
    servers.map((server) => new Promise<void>((done) => server.listen(0, '127.0.0.1', done))),
  );
  const portOf = (server: { address(): unknown }): number => (server.address() as { port: number }).port;
  return {
    websocket: { url: `ws://127.0.0.1:${portOf(http)}/v1/ws` },
    tcp: { tcp: { host: '127.0.0.1', port: portOf(tcp) } },
    tls: { tcp: { host: '127.0.0.1', port: portOf(tls) }, tls: { ca: certificate } },
    async close() {
      const closed = servers.map((server) => new Promise((done) => server.close(done)));
      for (const socket of sockets) socket.destroy();
      await Promise.all(closed);
    },
  };
}

function serveStream(socket: Socket, onMessage: (message: Upstream, peer: Peer) => void): void {
  const reader = new FrameReader(upstreamLimit);
  const peer = peerOf(
    (bytes) => socket.write(bytes),
    () => socket.end(),
  );
  socket.on('error', () => undefined);
  socket.on('data', (chunk) =>
    reader.read(chunk, ({ type, payload }) => onMessage(decodeUpstream(type, payload), peer)),
  );
}

function peerOf(
  write: (bytes: Uint8Array) => void,
  end: (code?: number) => void,
  sendText: (text: string) => void = () => undefined,
): Peer {
  return {
    send: (name, message) => write(encodeDownstream(name, message)),
    refuse: (error, detail) => write(encodeDownstream('error', errorMessage(error, detail))),
    write,
    sendText,
    end,
  };
}

/** The server's half of the login, with its own service key. */
export type TinyLogin = {
  readonly serviceKey: Uint8Array;
  /** Answers `client_hello` and `client_auth`; returns false for any other message. */
  answer(message: Upstream, peer: Peer): boolean;
};

export function createTinyLogin(): TinyLogin {
  const service = createSigningKey();
  const gateway = createSigningKey();
  return {
    serviceKey: service.publicKey,
    answer(message, peer) {
      if (message.type === 'client_hello') peer.send('server_hello', helloFor(message, service, gateway));
      else if (message.type === 'client_auth') peer.send('session_ready', READY);
      else return false;
      return true;
    },
  };
}

const READY: Downstream<'session_ready'> = {
  type: 'session_ready',
  session_id: 'session',
  resume_ticket: 'ticket',
  resume_expires_at: 4_000_000_000,
  heartbeat_interval_ms: 30_000,
  retry_policy: DEFAULT_RETRY_POLICY,
};

function helloFor(
  client: Upstream<'client_hello'>,
  service: SigningKey,
  gateway: SigningKey,
): Downstream<'server_hello'> {
  const publicKey = gateway.publicKey.toString('base64');
  const facts = {
    server_id: 'tiny',
    public_key: publicKey,
    not_before: nowSeconds() - 10,
    not_after: nowSeconds() + 60,
    service_key_id: keyId(service.publicKey),
  };
  return signServerHello(gateway, client, {
    type: 'server_hello',
    version: PROTOCOL_VERSION,
    server_id: 'tiny',
    server_key: publicKey,
    server_cert: { ...facts, signature: service.sign(certificateTranscript(facts)).toString('base64') },
    server_challenge: createChallenge(),
    session_id: 'session',
    timestamp: nowSeconds(),
    capabilities: [],
    encoding: 'json',
    limits: { messages_per_minute: 100 },
  });
}
