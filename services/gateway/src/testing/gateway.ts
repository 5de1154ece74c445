import { createLogger, createMetrics, createReadyChecks, type Kit, systemClock } from '@securechat/kernel';
import { until } from '@securechat/testkit';
import { createGateway } from '../app.ts';

type LogLine = { level: string; msg: string; [field: string]: unknown };

/** A gateway in this process, on free ports of the loopback address. */
export type TestGateway = {
  readonly id: string;
  readonly wsPort: number;
  readonly tcpPort: number;
  readonly websocket: { url: string };
  readonly tcp: { tcp: { host: string; port: number } };
  readonly log: readonly LogLine[];
  /** The value of a metric with these labels; 0 if it was never touched. */
  metric(name: string, labels?: Record<string, string>): Promise<number>;
  drain(): Promise<void>;
  stop(): Promise<void>;
};

export async function startGateway(
  env: { REDIS_URL: string; STREAM_PREFIX: string } & Record<string, string>,
): Promise<TestGateway> {
  const log: LogLine[] = [];
  const write = (line: string) => void log.push(JSON.parse(line) as LogLine);
  const metrics = createMetrics('gateway');
  const kit: Kit = {
    logger: createLogger({ service: 'gateway', instance: 'test', level: 'debug', destination: { write } }),
    metrics,
    clock: systemClock,
    ready: createReadyChecks(),
    env: { GATEWAY_WS_PORT: '0', GATEWAY_TCP_PORT: '0', GATEWAY_DRAIN_MS: '0', ...env },
    instance: 'test',
    fail(error) {
      throw error;
    },
  };
  const service = await createGateway(kit);
  await service.start();
  const doors = await until('the doors are open', () => log.find(({ msg }) => msg === 'doors open'));
  const { gatewayId, wsPort, tcpPort, tls } = doors as unknown as Record<string, number> & {
    gatewayId: string;
  };
  let ended: Promise<void> | undefined;
  return {
    id: gatewayId,
    wsPort: Number(wsPort),
    tcpPort: Number(tcpPort),
    websocket: { url: `${tls ? 'wss' : 'ws'}://localhost:${wsPort}/v1/ws` },
    tcp: { tcp: { host: '127.0.0.1', port: Number(tcpPort) } },
    log,
    async metric(name, labels = {}) {
      const found = metrics.registry.getSingleMetric(`securechat_gateway_${name}`);
      const { values = [] } = (await found?.get()) ?? {};
      const fits = values.filter(({ labels: has }) =>
        Object.entries(labels).every(([label, value]) => (has as Record<string, unknown>)[label] === value),
      );
      return fits.reduce((sum, { value }) => sum + value, 0);
    },
    drain: async () => await service.drain?.(),
    stop: () => (ended ??= service.stop()),
  };
}
