import type { RawTarget } from '@securechat/testkit';
import type { Gateway, Way } from '../support/constellation.ts';
import { type FaultProxy, startFaultProxy } from './proxy.ts';

type EdgeKind =
  | 'client-gateway'
  | 'gateway-redis'
  | 'delivery-redis'
  | 'auth-redis'
  | 'delivery-postgres'
  | 'auth-postgres';

/** A connection between two parts, through a proxy. */
export type Edge = { readonly name: string; readonly kind: EdgeKind; readonly proxy: FaultProxy };

/** Every connection of a constellation goes through its own proxy. */
export type Edges = {
  readonly all: readonly Edge[];
  /** Puts a proxy between a service and its server, and returns the address for the service. */
  via(way: Way): Promise<string>;
  /** Puts one before each address of a gateway; returns where clients connect. */
  doors(gateway: Gateway): Promise<readonly RawTarget[]>;
  /** Redirects all connections to Redis to a different one from now on. */
  moveRedis(port: number): void;
  close(): Promise<void>;
};

export function createEdges(): Edges {
  const all: Edge[] = [];

  async function add(name: string, kind: EdgeKind, port: number): Promise<number> {
    const proxy = await startFaultProxy({ port });
    all.push({ name, kind, proxy });
    return proxy.port;
  }

  return {
    /** sorted by name: processes start concurrently, and choices must not depend on which one is first */
    get all() {
      return all.toSorted((one, other) => (one.name < other.name ? -1 : 1));
    },
    async via({ from, index, to, url }) {
      const address = new URL(url);
      const kind = `${from}-${to}` as EdgeKind;
      const port = await add(`${from} ${index} to ${to}`, kind, Number(address.port));
      // a URL of this scheme does not let its port be set
      return url.replace(`:${address.port}`, `:${port}`);
    },
    async doors({ name, wsUrl, tcpPort }) {
      const wsPort = await add(
        `clients to ${name} (WebSocket)`,
        'client-gateway',
        Number(new URL(wsUrl).port),
      );
      const plainPort = await add(`clients to ${name} (TCP)`, 'client-gateway', tcpPort);
      return [{ url: `ws://127.0.0.1:${wsPort}/v1/ws` }, { tcp: { host: '127.0.0.1', port: plainPort } }];
    },
    moveRedis(port) {
      for (const { kind, proxy } of all) if (kind.endsWith('-redis')) proxy.retarget(port);
    },
    async close() {
      await Promise.all(all.map(({ proxy }) => proxy.close()));
    },
  };
}
