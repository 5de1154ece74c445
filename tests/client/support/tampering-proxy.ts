import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import {
  type DownstreamName,
  downstream,
  encodeFrame,
  FrameReader,
  MAX_SYNC_PAGE_BYTES,
} from '@securechat/protocol';

type Message = Record<string, unknown>;
/** Says what is passed on instead of a message: another one, several, or nothing. */
export type Tamper = (message: Message, direction: 'up' | 'down') => Message | readonly Message[] | undefined;

export type TamperingProxy = { readonly url: string; tamper: Tamper; close(): Promise<void> };

const asItIs: Tamper = (message) => message;

/** Somebody between a client and the plain TCP door of a gateway, who reads everything and may change it. */
export async function startTamperingProxy(gatewayPort: number): Promise<TamperingProxy> {
  const sockets = new Set<Socket>();
  const proxy = { tamper: asItIs };
  const pipe = (from: Socket, to: Socket, direction: 'up' | 'down'): void => {
    const reader = new FrameReader(() => MAX_SYNC_PAGE_BYTES);
    from.on('data', (chunk) =>
      reader.read(chunk, ({ type, payload }) => {
        const message = JSON.parse(new TextDecoder().decode(payload)) as Message;
        const changed = proxy.tamper(message, direction) ?? [];
        for (const each of Array.isArray(changed) ? (changed as Message[]) : [changed as Message]) {
          const number = downstream[each.type as DownstreamName]?.id ?? type;
          to.write(encodeFrame(number, new TextEncoder().encode(JSON.stringify(each))));
        }
      }),
    );
    from.on('error', () => undefined); // the close that follows tells
    from.once('close', () => to.destroy());
    sockets.add(from);
  };
  const server = createServer((client) => {
    const gateway = connect(gatewayPort, '127.0.0.1');
    pipe(client, gateway, 'up');
    pipe(gateway, client, 'down');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return Object.assign(proxy, {
    url: `tcp://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  });
}
