import { afterEach } from '@jest/globals';
import type { Stack } from '../../support/stack.ts';
import { startTamperingProxy, type TamperingProxy } from './tampering-proxy.ts';

export type Item = Record<string, unknown> & {
  type: string;
  id: string;
  from: string;
  delivery: { seq: number; conv_seq: number; server_ts_ms: number };
};

/**
 * A server between a device and its gateway that does with the mailbox what it likes: what `rewrite` makes of an item is
 * shown instead of it, with numbers of its own, so that nothing is missing by them.
 */
export class EvilServer {
  /** Several, none, or another one instead of each. */
  rewrite: (item: Item) => readonly Item[] = (item) => [item];
  /** Of everything else that comes down. */
  answer: (message: Record<string, unknown>) => Record<string, unknown> = (message) => message;
  /** What the device sends, as the honest server behind this one gets it: for a device whose owner is the evil one. */
  send: (message: Record<string, unknown>) => Record<string, unknown> = (message) => message;
  /** What the device has sent, in order. */
  readonly sent: Record<string, unknown>[] = [];
  readonly #proxy: TamperingProxy;
  #seq = 0;
  readonly #shown = new Map<number, Item[]>();

  private constructor(proxy: TamperingProxy) {
    this.#proxy = proxy;
    proxy.tamper = (message, direction) => (direction === 'up' ? this.#up(message) : this.#down(message));
  }

  static async before(gatewayPort: number): Promise<EvilServer> {
    return new EvilServer(await startTamperingProxy(gatewayPort));
  }

  get url(): string {
    return this.#proxy.url;
  }

  close(): Promise<void> {
    return this.#proxy.close();
  }

  #up(message: Record<string, unknown>): Record<string, unknown> {
    this.sent.push(message);
    return this.send(message);
  }

  #down(message: Record<string, unknown>): Record<string, unknown> | readonly Record<string, unknown>[] {
    if (message.type === 'sync_page') {
      const items = (message.items as Item[]).flatMap((item) => this.#show(item));
      return { ...message, items, through: Math.max(this.#seq, message.through as number) };
    }
    if ('delivery' in message) return this.#show(message as Item);
    return this.answer(message);
  }

  /** What was shown once is shown again as it was. */
  #show(item: Item): Item[] {
    const known = this.#shown.get(item.delivery.seq);
    if (known) return known;
    const shown = this.rewrite(structuredClone(item)).map((each) => ({
      ...each,
      delivery: { ...each.delivery, seq: ++this.#seq },
    }));
    this.#shown.set(item.delivery.seq, shown);
    return shown;
  }
}

/** Makes servers before the first gateway, which end with the test. */
export function useEvilServers(stack: Stack): () => Promise<EvilServer> {
  const servers: EvilServer[] = [];
  afterEach(async () => {
    await Promise.all(servers.splice(0).map((server) => server.close()));
  });
  return async () => {
    const [gateway] = stack.constellation.gateways;
    if (!gateway) throw new Error('An evil server needs a gateway behind it.');
    const server = await EvilServer.before(gateway.tcpPort);
    servers.push(server);
    return server;
  };
}
