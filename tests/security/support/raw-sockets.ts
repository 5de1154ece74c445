import { createRequire } from 'node:module';
import { connect } from 'node:net';
import { join } from 'node:path';
import { ROOT } from '@securechat/testkit';

/** The testkit's WebSocket: these tests add no dependency of their own. */
export const { WebSocket } = createRequire(join(ROOT, 'packages/testkit/package.json'))(
  'ws',
) as typeof import('ws');

/** How the other side took a socket that only annoys. */
export type SocketEnd = { afterMs: number; answer: string };

/**
 * Opens a socket that sends `begins` at once, then one byte of `drips` at a time, over and over, for `dripsForMs`, and never
 * ends by itself. Resolves when the other side has ended it.
 */
async function annoy(
  port: number,
  {
    begins = '',
    drips = '',
    everyMs = 50,
    dripsForMs = Number.POSITIVE_INFINITY,
  }: { begins?: string | Uint8Array; drips?: string; everyMs?: number; dripsForMs?: number } = {},
): Promise<SocketEnd> {
  const socket = connect({ host: '127.0.0.1', port, allowHalfOpen: true });
  const startedMs = performance.now();
  const chunks: Buffer[] = [];
  let dripped = 0;
  const drip = (): void => {
    if (performance.now() - startedMs > dripsForMs) clearInterval(timer);
    else socket.write(drips[dripped++ % drips.length] ?? '');
  };
  const timer = drips === '' ? undefined : setInterval(drip, everyMs);
  if (begins.length > 0) socket.write(begins);
  const { promise, resolve } = Promise.withResolvers<SocketEnd>();
  const end = (): void => {
    clearInterval(timer);
    socket.destroy();
    resolve({ afterMs: performance.now() - startedMs, answer: Buffer.concat(chunks).toString('latin1') });
  };
  socket.on('data', (chunk) => chunks.push(chunk));
  socket
    .on('error', () => undefined)
    .on('end', end)
    .on('close', end);
  return promise;
}

/** The same many times at once. */
export function annoyAll(count: number, ...how: Parameters<typeof annoy>): Promise<SocketEnd[]> {
  return Promise.all(Array.from({ length: count }, () => annoy(...how)));
}
