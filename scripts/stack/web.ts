import { buildPage } from '../../apps/web/build.ts';
import { type Surroundings, startProcess } from './service-process.ts';
import type { ServiceInstance } from './services.ts';

type Parts = { port: number; instances: ServiceInstance[] };

/** Builds the web client and serves it from a separate process. Returns its address. */
export async function startWeb({ port, instances }: Parts, around: Surroundings): Promise<string> {
  around.running.throwIfStopping();
  await buildPage();
  const url = `http://127.0.0.1:${port}/`;
  await startProcess(
    {
      name: 'web',
      script: 'apps/web/server/main.ts',
      stage: 'edge',
      env: {
        WEB_PORT: String(port),
        WEB_HTTP_URL: addressOf(instances, 'auth', 'http'),
        WEB_SOCKET_URL: addressOf(instances, 'gateway', 'ws'),
        WEB_FILES_URL: addressOf(instances, 'files', 'http'),
      },
      readyUrl: url,
    },
    around,
  );
  return url;
}

function addressOf(instances: ServiceInstance[], service: string, kind: string): string {
  const address = instances.find((instance) => instance.service === service)?.addresses[kind];
  if (address === undefined) throw new Error(`${service} has no ${kind} address`);
  return address;
}
