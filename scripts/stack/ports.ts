import { freePort, isPortFree } from '@securechat/embedded';

/** The same at every start if possible, so that bookmarks and shell history stay valid. */
const PREFERRED = {
  web: [7440],
  ws: [7443, 7444],
  tcp: [7445, 7446],
  authHttp: [7450],
  filesHttp: [7451],
  redis: [7460],
  postgres: [7461],
  opsAuth: [9101],
  opsDelivery: [9102, 9103],
  opsGateway: [9104, 9105],
  opsPresence: [9106],
  opsFiles: [9107],
  opsPush: [9108],
} as const;

export type StackPorts = Record<keyof typeof PREFERRED, number[]>;

export async function choosePorts(): Promise<StackPorts> {
  const taken = new Set<number>();
  const chosen: Partial<StackPorts> = {};
  for (const [name, preferred] of Object.entries(PREFERRED)) {
    const ports: number[] = [];
    for (const port of preferred) ports.push(await choose(port, taken));
    chosen[name as keyof StackPorts] = ports;
  }
  return chosen as StackPorts;
}

/** Nothing is bound yet, so a free port could be offered twice. */
async function choose(preferred: number, taken: Set<number>): Promise<number> {
  let port = preferred;
  while (taken.has(port) || !(await isPortFree(port))) port = await freePort();
  taken.add(port);
  return port;
}
