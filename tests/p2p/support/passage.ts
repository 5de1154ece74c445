import { connect, createServer, type Server, type Socket } from 'node:net';

type Place = { path: string } | { port: number; host: '127.0.0.1' };

/**
 * Passes connections on: sockets of the file system lead out of a network namespace, so that the server stays where it is and
 * is reached whatever becomes of the network between the homes.
 */
export async function openPassage(from: Place, to: Place): Promise<{ port: number; close(): void }> {
  const sockets = new Set<Socket>();
  const server: Server = createServer((near) => {
    const far = connect(to);
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(one);
      one.pipe(other);
      one.on('error', () => other.destroy()); // the close that follows ends both
      one.once('close', () => {
        other.destroy();
        sockets.delete(one);
      });
    }
  });
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(from, resolve));
  const address = server.address();
  return {
    port: typeof address === 'object' && address ? address.port : 0,
    close() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}
