import { type Clock, systemClock, withDeadline } from '../clock.ts';
import type { Transport, TransportConnection, TransportEvents } from '../connection/transport.ts';
import { webSocketTransport } from '../connection/websocket.ts';
import { SecureChatError, ServerUnreachable } from '../errors.ts';
import { type TcpOptions, tcpTransport } from './tcp.ts';

export type WebSocketOrTcpOptions = TcpOptions & {
  /** The server's TCP address: `tls://host:port`. */
  tcp: string;
  /** How long TCP stays the first choice after it worked and the WebSocket did not; default 600,000. */
  probeBackMs?: number;
  clock?: Clock;
};

/** Networks that drop packets send no error; half of an attempt's total time (`Wire`). */
const FIRST_WAY_MS = 5_000;
const PROBE_BACK_MS = 10 * 60_000;

type Way = {
  readonly isTcp: boolean;
  connect(events: TransportEvents, signal: AbortSignal): Promise<TransportConnection>;
};

/**
 * Tries the WebSocket first, which most networks allow, and TCP at once where it does not open. Whatever worked is then tried first; a
 * way has worked once the server has said something on it, so proxies that open sockets but pass nothing on are detected too. After a
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

  /** Notes whether anything was received on a way, or it ended in silence. */
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
