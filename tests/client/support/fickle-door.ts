import { connect, createServer, type Socket } from 'node:net';

/**
 * open     passes everything on
 * closed   takes nobody
 * silent   takes everybody and never says a word, as a network that drops packets
 * mute     passes the beginning of a WebSocket on and nothing after it, as some proxies do
 */
export type DoorMode = 'open' | 'closed' | 'silent' | 'mute';

/** A way to a port of this machine that changes its mind. */
export async function openFickleDoor(port: number) {
  const sockets = new Set<Socket>();
  const door = { port: 0, mode: 'open' as DoorMode, calls: 0, bytes: { up: 0, down: 0 }, close };
  const keep = (socket: Socket): Socket => {
    sockets.add(socket);
    // the close that follows tells
    return socket.on('error', () => undefined).once('close', () => sockets.delete(socket));
  };
  const server = createServer((near) => {
    door.calls += 1;
    keep(near);
    if (door.mode === 'closed') near.destroy();
    if (door.mode !== 'open' && door.mode !== 'mute') return;
    const isMute = door.mode === 'mute';
    const far = keep(connect(port, '127.0.0.1'));
    let hasBegun = false;
    near.on('data', (chunk) => {
      door.bytes.up += chunk.length;
      if (!isMute || !hasBegun) far.write(chunk);
    });
    far.on('data', (chunk) => {
      door.bytes.down += chunk.length;
      if (isMute && hasBegun) return;
      hasBegun = true;
      near.write(chunk);
    });
    near.once('close', () => far.destroy());
    far.once('close', () => near.destroy());
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  if (typeof address === 'object' && address) door.port = address.port;
  return door;

  function close(): void {
    server.close();
    for (const socket of sockets) socket.destroy();
  }
}
