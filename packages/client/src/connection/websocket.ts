import { ServerUnreachable } from '../errors.ts';
import type { Transport, TransportConnection, TransportEvents } from './transport.ts';

const SUB_PROTOCOL = 'scht.v1';
const NORMAL = 1000;

/** The WebSocket built into browsers and Node; `wss://`, or `ws://` where the platform allows it. */
export const webSocketTransport: Transport = {
  connect(url, events, { signal }) {
    const { promise, resolve, reject } = Promise.withResolvers<TransportConnection>();
    signal.throwIfAborted();
    const socket = socketTo(url);
    socket.binaryType = 'arraybuffer';
    // no close handshake: a socket that is still opening, or whose peer is gone, would make us wait
    const abort = (): void => {
      reject(signal.reason);
      socket.close();
    };
    signal.addEventListener('abort', abort);
    socket.onopen = () => {
      signal.removeEventListener('abort', abort);
      resolve(connectionOver(socket, events));
    };
    // browsers hide the reason from pages; a `close` event follows
    socket.onclose = ({ code }) => {
      signal.removeEventListener('abort', abort);
      reject(new ServerUnreachable(`No WebSocket to ${url} (${code})`));
    };
    return promise;
  },
};

function socketTo(url: string): WebSocket {
  try {
    return new WebSocket(url, SUB_PROTOCOL);
  } catch (cause) {
    // the address is none, or a page of https may not open ws
    throw new ServerUnreachable(`No WebSocket to ${url}`, { cause });
  }
}

function connectionOver(socket: WebSocket, events: TransportEvents): TransportConnection {
  let hasEnded = false;
  const end = (code: number, reason: string): void => {
    if (hasEnded) return;
    hasEnded = true;
    events.onClose(code, reason);
  };
  socket.onmessage = ({ data }) => {
    if (hasEnded) return;
    if (data instanceof ArrayBuffer) return events.onBytes(new Uint8Array(data));
    // text frames are not part of the protocol
    socket.close(NORMAL);
    end(UNSUPPORTED_DATA, 'the server sent text');
  };
  socket.onclose = ({ code, reason }) => end(code, reason);
  return {
    send(bytes) {
      if (socket.readyState === WebSocket.OPEN) socket.send(bytes);
    },
    close: () => socket.close(NORMAL),
    // a browser socket cannot be closed without a handshake; nobody waits for it
    destroy() {
      socket.close(NORMAL);
      end(ABNORMAL, 'given up');
    },
  };
}

/** RFC 6455, 7.4.1. */
const UNSUPPORTED_DATA = 1003;
const ABNORMAL = 1006;
