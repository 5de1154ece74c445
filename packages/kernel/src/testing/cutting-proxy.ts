import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

export type CuttingProxy = {
  port: number;
  /** Requests pass, replies are dropped: the server does the work and nobody learns of it. */
  swallowReplies(isSwallowing: boolean): void;
  /** Nothing passes in either direction and nothing is closed: a cut cable. */
  blackhole(isBlack: boolean): void;
  /** Ends the current connections; new ones are accepted. */
  cut(): void;
  close(): Promise<void>;
};

/** A TCP proxy on the loopback address that can behave like a bad network. */
export async function startCuttingProxy(targetPort: number): Promise<CuttingProxy> {
  const sockets = new Set<Socket>();
  let isSwallowing = false;
  let isBlack = false;

  const server = createServer((client) => {
    const target = connect(targetPort, '127.0.0.1');
    for (const socket of [client, target]) {
      sockets.add(socket);
      socket
        .on('error', () => {})
        .on('close', () => {
          sockets.delete(socket);
          client.destroy();
          target.destroy();
        });
    }
    client.on('data', (bytes) => isBlack || target.write(bytes));
    target.on('data', (bytes) => isBlack || isSwallowing || client.write(bytes));
  });
  const { promise, resolve } = Promise.withResolvers<void>();
  server.listen(0, '127.0.0.1', resolve);
  await promise;

  const cut = () => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    port: (server.address() as AddressInfo).port,
    swallowReplies: (value) => {
      isSwallowing = value;
    },
    blackhole: (value) => {
      isBlack = value;
    },
    cut,
    async close() {
      cut();
      await new Promise((done) => server.close(done));
    },
  };
}
