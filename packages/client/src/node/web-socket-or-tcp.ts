import { type Clock, systemClock, withDeadline } from '../clock.ts';
import type { Transport, TransportConnection, TransportEvents } from '../connection/transport.ts';
import { webSocketTransport } from '../connection/websocket.ts';
import { SecureChatError, ServerUnreachable } from '../errors.ts';
import { type TcpOptions, tcpTransport } from './tcp.ts';

export type WebSocketOrTcpOptions = TcpOptions & {
  /** The server's door for TCP: `tls://host:port`. */
  tcp: string;
  /** How long TCP is tried first after it has worked where the WebSocket had not; default 10 minutes. */
  probeBackMs?: number;
  clock?: Clock;
};

/** A network that drops packets says nothing; half of what an attempt has in all (`Wire`). */
const FIRST_WAY_MS = 5_000;
const PROBE_BACK_MS = 10 * 60_000;

type Way = {
  readonly isTcp: boolean;
  connect(events: TransportEvents, signal: AbortSignal): Promise<TransportConnection>;
};

/**
 * The WebSocket first, since most networks let it through, and TCP at once where it does not open. What has worked is tried first from then
 * on: a way has worked when the server said something on it, so a proxy that opens sockets and passes nothing on is noticed too. After a
 * while a new connection tries the WebSocket first again. Remembered as long as this object lives.
 */
export function webSocketOrTcp(options: WebSocketOrTcpOptions): Transport {
  const { tcp, probeBackMs = PROBE_BACK_MS, clock = systemClock } = options;
  const viaTcp = tcpTransport(options);
  /** Until then TCP goes first. */
  let tcpFirstUntilMs = Number.NEGATIVE_INFINITY;

  function remember(isTcp: boolean): void {
    tcpFirstUntilMs = isTcp ? clock.monotonicMs() + probeBackMs : Number.NEGATIVE_INFINITY;
  }

  /** Tells whether anything was heard on a way, and when it ended without a word. */
  function watched(isTcp: boolean, { onBytes, onClose }: TransportEvents): TransportEvents {
    let isHeard = false;
    return {
      onBytes(chunk) {
        if (!isHeard) remember(isTcp);
        isHeard = true;
        onBytes(chunk);
      },
      onClose(code, reason) {
        if (!isHeard) remember(!isTcp);
        onClose(code, reason);
      },
    };
  }

  return {
    async connect(url, events, { signal }) {
      const webSocket: Way = {
        isTcp: false,
        connect: (watching, giveUp) => webSocketTransport.connect(url, watching, { signal: giveUp }),
      };
      const stream: Way = {
        isTcp: true,
        connect: (watching, giveUp) => viaTcp.connect(tcp, watching, { signal: giveUp }),
      };
      const isTcpFirst = clock.monotonicMs() < tcpFirstUntilMs;
      const [first, second] = isTcpFirst ? [stream, webSocket] : [webSocket, stream];
      const late = () => new ServerUnreachable(`Nothing within ${FIRST_WAY_MS} ms`);
      try {
        return await withDeadline(clock, FIRST_WAY_MS, signal, late, (giveUp) =>
          first.connect(watched(first.isTcp, events), giveUp),
        );
      } catch (error) {
        if (signal.aborted || !(error instanceof SecureChatError)) throw error;
        return await second.connect(watched(second.isTcp, events), signal);
      }
    },
  };
}
