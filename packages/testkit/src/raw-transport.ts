import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls, type SecureVersion, type TLSSocket } from 'node:tls';
import WebSocket from 'ws';
import { within } from './until.ts';

export type RawTls = {
  /** The certificate to trust, PEM. */
  ca: string;
  /** For tests of what the server refuses. */
  minVersion?: SecureVersion;
  maxVersion?: SecureVersion;
  /** On TCP; default `scht/1`. */
  alpn?: string[];
};

/** Where to connect: a WebSocket, or TCP, with TLS if `tls` is given. */
export type RawTarget = ({ url: string } | { tcp: { host: string; port: number } }) & {
  tls?: RawTls | undefined;
  /** How to get there, for tests of proxies and addresses. */
  via?: {
    /** Sent before anything else, even before TLS. */
    preface?: Uint8Array;
    localAddress?: string;
    /** Of the upgrade request. */
    headers?: Record<string, string>;
  };
};

export type TransportEvents = {
  bytes(chunk: Uint8Array): void;
  /** The peer did something this transport forbids. */
  fault(error: Error): void;
  /** Called exactly once, however it ended. TCP has no codes: 1006. */
  closed(code: number, reason: string): void;
};

export type RawTransport = {
  readonly kind: 'websocket' | 'tcp';
  /** A WebSocket message, or bytes of the stream. */
  write(bytes: Uint8Array): void;
  /** WebSocket only: the message type that the protocol forbids. */
  writeText(text: string): void;
  /** Closes with a handshake. */
  close(): void;
  /** Disconnects at once, without a handshake. */
  destroy(): void;
  /** Stops reading, so that the server's buffers fill. */
  pause(): void;
  resume(): void;
};

export const SUB_PROTOCOL = 'scht.v1';
export const ALPN = 'scht/1';
const NORMAL = 1000;
const ABNORMAL = 1006;

export async function openTransport(
  target: RawTarget,
  events: TransportEvents,
  deadlineMs: number,
): Promise<RawTransport> {
  if ('url' in target) return openWebSocket(target, events, deadlineMs);
  return openTcp(target, events, deadlineMs);
}

async function openWebSocket(
  { url, tls, via }: Extract<RawTarget, { url: string }>,
  events: TransportEvents,
  deadlineMs: number,
): Promise<RawTransport> {
  const { alpn: _tcpOnly, ...tlsOptions } = tls ?? {};
  const { hostname: host, port } = new URL(url);
  const socket = new WebSocket(url, SUB_PROTOCOL, {
    perMessageDeflate: false,
    ...tlsOptions,
    ...(via && {
      headers: via.headers,
      createConnection: () => {
        const reached = reach({ host, port: Number(port) }, via);
        return tls ? connectTls({ ...tlsOptions, socket: reached, servername: 'localhost' }) : reached;
      },
    }),
  });
  socket.on('message', (data, isBinary) => {
    if (isBinary) events.bytes(data as Buffer);
    else events.fault(new Error('the server sent a text message'));
  });
  const opened = new Promise<void>((resolve, reject) => socket.once('open', resolve).once('error', reject));
  try {
    await within(opened, deadlineMs, () => `a WebSocket to ${url}`);
  } catch (error) {
    socket.on('error', () => undefined).terminate();
    throw error;
  }
  socket.on('error', () => undefined); // the close that follows tells
  socket.once('close', (code, reason) => events.closed(code, reason.toString()));
  return {
    kind: 'websocket',
    write: (bytes) => sendIfOpen(socket, bytes),
    writeText: (text) => sendIfOpen(socket, text),
    close: () => socket.close(NORMAL),
    destroy: () => socket.terminate(),
    pause: () => socket.pause(),
    resume: () => socket.resume(),
  };
}

/** Writing after the end has no effect on either transport; `closed` tells about it. */
function sendIfOpen(socket: WebSocket, data: Uint8Array | string): void {
  if (socket.readyState === WebSocket.OPEN) socket.send(data);
}

function reach(address: { host: string; port: number }, via: RawTarget['via'] = {}): Socket {
  const { localAddress, preface } = via;
  const socket = connectTcp({ ...address, ...(localAddress === undefined ? {} : { localAddress }) });
  if (preface) socket.write(preface);
  return socket;
}

async function openTcp(
  { tcp: address, tls, via }: Extract<RawTarget, { tcp: object }>,
  events: TransportEvents,
  deadlineMs: number,
): Promise<RawTransport> {
  const reached = reach(address, via);
  const socket = tls ? wrapInTls(reached, tls) : reached;
  const opened = new Promise<void>((resolve, reject) => {
    socket.once(tls ? 'secureConnect' : 'connect', resolve).once('error', reject);
    socket.once('close', () => reject(new Error('the connection was closed before it was open')));
  });
  try {
    await within(opened, deadlineMs, () => `a TCP connection to ${address.host}:${address.port}`);
  } catch (error) {
    socket.on('error', () => undefined).destroy();
    throw error;
  }
  socket.setNoDelay(true);
  socket.on('data', (chunk) => events.bytes(chunk));
  socket.on('error', () => undefined); // the close that follows tells
  socket.once('close', (hadError) => events.closed(ABNORMAL, hadError ? 'reset' : 'end of stream'));
  return {
    kind: 'tcp',
    write: (bytes) => void (socket.writable && socket.write(bytes)),
    writeText: () => {
      throw new Error('TCP has no text messages');
    },
    close: () => void socket.end(),
    destroy: () => void socket.destroy(),
    pause: () => void socket.pause(),
    resume: () => void socket.resume(),
  };
}

function wrapInTls(reached: Socket, tls: RawTls): TLSSocket {
  const { alpn = [ALPN], ...options } = tls;
  const socket = connectTls({ ...options, socket: reached, ALPNProtocols: alpn, servername: 'localhost' });
  socket.once('secureConnect', () => {
    if (alpn.includes(ALPN) && socket.alpnProtocol !== ALPN) {
      socket.destroy(new Error(`the server chose ALPN ${socket.alpnProtocol}, not ${ALPN}`));
    }
  });
  return socket;
}
