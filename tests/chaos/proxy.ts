import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** `up`: from the client. `down`: from the server. */
type Direction = 'up' | 'down';

/**
 * What the wire does.
 *
 * - `pass`: as if there were no proxy.
 * - `blackhole`: bytes in these directions vanish; nothing is closed, and new connections are accepted. A cut cable, a firewall
 *   that lost its state. The stream then has a gap, so connections that lost bytes are reset at the end.
 * - `swallow`: a blackhole for answers only: the server does the work, but nobody learns of it.
 * - `reset`: connections are reset, new ones immediately.
 * - `delay`: bytes arrive later, in order.
 * - `throttle`: this many bytes a second per connection, in these directions; the rest waits at the sender.
 */
export type Mode =
  | { kind: 'pass' }
  | { kind: 'blackhole'; of: readonly Direction[] }
  | { kind: 'swallow' }
  | { kind: 'reset' }
  | { kind: 'delay'; ms: number }
  | { kind: 'throttle'; bytesPerSecond: number; of: readonly Direction[] };

export type FaultProxy = {
  readonly port: number;
  readonly mode: Mode;
  /** Current connections. */
  readonly connections: number;
  /** Applies to existing connections, too. */
  set(mode: Mode): void;
  /** The new target; existing connections are reset. */
  retarget(port: number): void;
  /** Resets the existing connections. */
  cut(): void;
  close(): Promise<void>;
};

const SLICE_MS = 50;
/** Bytes waiting for a target that accepts nothing; then the sender is no longer read. */
const HIGH_WATER_BYTES = 256 * 1024;

type Pair = { client: Socket; server: Socket; lostBytes: boolean };

/** A TCP proxy on the loopback address, for one connection between two parts. */
export async function startFaultProxy(target: { port: number; host?: string }): Promise<FaultProxy> {
  const { host = '127.0.0.1' } = target;
  const pairs = new Set<Pair>();
  let targetPort = target.port;
  let mode: Mode = { kind: 'pass' };

  const reset = ({ client, server }: Pair): void => {
    client.resetAndDestroy();
    server.resetAndDestroy();
  };

  const listener = createServer({ pauseOnConnect: true, noDelay: true }, (client) => {
    if (mode.kind === 'reset') {
      client.on('error', () => undefined).resetAndDestroy();
      return;
    }
    const pair: Pair = {
      client,
      server: connect({ port: targetPort, host, noDelay: true }),
      lostBytes: false,
    };
    pairs.add(pair);
    for (const socket of [pair.client, pair.server]) {
      socket
        .on('error', () => undefined)
        .once('close', () => {
          pairs.delete(pair);
          reset(pair);
        });
    }
    carry(pair, 'up', () => mode);
    carry(pair, 'down', () => mode);
  });

  const { promise, resolve, reject } = Promise.withResolvers<void>();
  listener.once('error', reject).listen(0, '127.0.0.1', resolve);
  await promise;

  const cut = (): void => {
    for (const pair of [...pairs]) reset(pair);
  };
  return {
    port: (listener.address() as AddressInfo).port,
    get mode() {
      return mode;
    },
    get connections() {
      return pairs.size;
    },
    set(next) {
      mode = next;
      for (const pair of [...pairs]) if (next.kind === 'reset' || pair.lostBytes) reset(pair);
    },
    retarget(port) {
      targetPort = port;
      cut();
    },
    cut,
    async close() {
      const closed = new Promise((done) => listener.close(done));
      cut();
      await closed;
    },
  };
}

/** One direction of a connection. Bytes held back by a mode continue when the next mode allows it. */
function carry(pair: Pair, direction: Direction, mode: () => Mode): void {
  const [from, to] = direction === 'up' ? [pair.client, pair.server] : [pair.server, pair.client];
  const waiting: { bytes: Buffer; readyAtMs: number }[] = [];
  let waitingBytes = 0;
  let timer: NodeJS.Timeout | undefined;

  const losesBytes = (now: Mode): boolean =>
    (now.kind === 'swallow' && direction === 'down') ||
    (now.kind === 'blackhole' && now.of.includes(direction));

  /** How many of the waiting bytes may go now. */
  function allowance(now: Mode): number {
    if (now.kind !== 'throttle' || !now.of.includes(direction)) return Number.POSITIVE_INFINITY;
    return Math.max(1, Math.floor((now.bytesPerSecond * SLICE_MS) / 1000));
  }

  function flush(): void {
    timer = undefined;
    const now = mode();
    let left = allowance(now);
    for (let head = waiting[0]; head && left > 0; head = waiting[0]) {
      if (now.kind === 'delay' && head.readyAtMs > performance.now()) break;
      const bytes = head.bytes.subarray(0, left);
      left -= bytes.length;
      waitingBytes -= bytes.length;
      if (bytes.length === head.bytes.length) waiting.shift();
      else head.bytes = head.bytes.subarray(bytes.length);
      to.write(bytes);
    }
    if (waiting.length > 0) timer = setTimeout(flush, SLICE_MS);
    steer();
  }

  function steer(): void {
    if (waitingBytes + to.writableLength > HIGH_WATER_BYTES) from.pause();
    else from.resume();
  }

  from.on('data', (bytes: Buffer) => {
    const now = mode();
    if (losesBytes(now)) {
      pair.lostBytes = true;
      return;
    }
    waiting.push({ bytes, readyAtMs: performance.now() + (now.kind === 'delay' ? now.ms : 0) });
    waitingBytes += bytes.length;
    if (now.kind === 'pass' && timer === undefined) flush();
    else timer ??= setTimeout(flush, now.kind === 'delay' ? Math.min(now.ms, SLICE_MS) : SLICE_MS);
    steer();
  });
  to.on('drain', steer);
  from.once('end', () => {
    // bytes still held back belong to a closed connection
    to.end();
  });
  from.once('close', () => clearTimeout(timer));
  from.resume();
}
