import { afterEach, expect, test } from '@jest/globals';
import { createMetrics } from './metrics.ts';
import { type OpsServer, startOpsServer } from './ops-server.ts';

let server: OpsServer | undefined;
afterEach(async () => {
  await server?.close();
  server = undefined;
});

async function start(
  isReady = true,
  isLive = true,
): Promise<(path: string, init?: RequestInit) => Promise<Response>> {
  server = await startOpsServer({
    port: 0,
    host: '127.0.0.1',
    registry: createMetrics('example').registry,
    isReady: () => ({ ready: isReady, checks: { started: isReady } }),
    isLive: () => isLive,
  });
  const { port } = server;
  return (path, init) => fetch(`http://127.0.0.1:${port}${path}`, init);
}

test('readiness is 200 or 503 with the named checks', async () => {
  const get = await start();
  expect((await get('/readyz')).status).toBe(200);
  await server?.close();
  const getUnready = await start(false);
  const response = await getUnready('/readyz');
  expect(response.status).toBe(503);
  expect(await response.json()).toEqual({ ready: false, checks: { started: false } });
});

test('liveness follows the event loop and the service', async () => {
  expect((await (await start())('/livez')).status).toBe(200);
  await server?.close();
  expect((await (await start(true, false))('/livez')).status).toBe(503);
});

test('metrics are Prometheus text', async () => {
  const response = await (await start())('/metrics');
  expect(response.headers.get('content-type')).toContain('text/plain');
  expect(await response.text()).toContain('process_cpu_user_seconds_total');
});

test('other paths and methods are refused', async () => {
  const get = await start();
  expect((await get('/')).status).toBe(404);
  expect((await get('/metrics', { method: 'POST' })).status).toBe(405);
});

test('a port that is taken rejects', async () => {
  await start();
  const taken = { port: server?.port ?? 0, host: '127.0.0.1', registry: createMetrics('other').registry };
  await expect(startOpsServer({ ...taken, isReady: () => ({ ready: true, checks: {} }) })).rejects.toThrow(
    'EADDRINUSE',
  );
});
