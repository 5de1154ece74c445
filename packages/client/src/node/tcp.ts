import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import type { Transport, TransportConnection, TransportEvents } from '../connection/transport.ts';
import { ServerUnreachable } from '../errors.ts';

const ALPN = 'scht/1';
const ABNORMAL = 1006;
const IDLE_PROBE_MS = 30_000;

export type TcpOptions = {
  /** CA certificates in PEM to trust instead of the system's. */
  ca?: string | string[];
};

/**
 * Frames over a stream: `tls://host:port`, TLS 1.3 with ALPN `scht/1`. `tcp://host:port` works on this machine only: elsewhere it would
 * show every network on the way who writes to whom.
 */
export function tcpTransport(options: TcpOptions = {}): Transport {
  return {
    connect(url, events, { signal }) {
      signal.throwIfAborted();
      const { protocol, hostname, port } = new URL(url);
      const host = hostname.replace(/^\[|\]$/g, '');
      const address = { host, port: Number(port), keepAlive: true, keepAliveInitialDelay: IDLE_PROBE_MS };
      if (protocol === 'tls:') return opened(openTls(address, options), 'secureConnect', url, events, signal);
      if (protocol !== 'tcp:') throw new TypeError(`${url} is neither tls:// nor tcp://`);
      if (!isThisMachine(host)) throw new TypeError(`${url} needs tls://`);
      return opened(connectTcp(address), 'connect', url, events, signal);
    },
  };
}

function openTls(address: { host: string; port: number }, { ca }: TcpOptions): TLSSocket {
  return connectTls({
    ...address,
    ...(ca === undefined ? {} : { ca }),
    // names only: an IP address is checked against the certificate's addresses
    ...(isIP(address.host) ? {} : { servername: address.host }),
    minVersion: 'TLSv1.3',
    ALPNProtocols: [ALPN],
  });
}

function opened(
  socket: Socket,
  event: 'connect' | 'secureConnect',
  url: string,
  events: TransportEvents,
  signal: AbortSignal,
): Promise<TransportConnection> {
  const { promise, resolve, reject } = Promise.withResolvers<TransportConnection>();
  const abort = (): void => {
    reject(signal.reason);
    socket.destroy();
  };
  const fail = (cause?: Error): void => {
    signal.removeEventListener('abort', abort);
    reject(new ServerUnreachable(`No connection to ${url}: ${cause?.message ?? 'it was closed'}`, { cause }));
    socket.destroy();
  };
  signal.addEventListener('abort', abort);
  socket.once('error', fail);
  socket.once('close', () => fail());
  socket.once(event, () => {
    if (event === 'secureConnect' && (socket as TLSSocket).alpnProtocol !== ALPN)
      return fail(new Error(`the server does not speak ${ALPN}`));
    signal.removeEventListener('abort', abort);
    socket.removeAllListeners('error').removeAllListeners('close');
    resolve(connectionOver(socket, events));
  });
  return promise;
}

function connectionOver(socket: Socket, events: TransportEvents): TransportConnection {
  socket.setNoDelay(true);
  socket.on('data', (chunk) => events.onBytes(chunk));
  let why = 'end of stream';
  // the close event that follows reports it
  socket.on('error', ({ message }) => {
    why = message;
  });
  socket.once('close', () => events.onClose(ABNORMAL, why));
  return {
    send(bytes) {
      if (socket.writable) socket.write(bytes);
    },
    close: () => void socket.end(),
    destroy: () => void socket.destroy(),
  };
}

function isThisMachine(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(host);
}
