import { type Clock, createLogger, createMetrics } from '@securechat/kernel';
import { capabilitiesOf } from '../connection/capabilities.ts';
import { Hub } from '../connection/hub.ts';
import type { Session } from '../connection/session.ts';
import type { GatewayContext } from '../context.ts';
import { createBandwidth } from '../limits/bandwidth.ts';
import { gatewayMetrics } from '../metrics.ts';

/**
 * A context for tests of single parts: touching a part that the test did not provide throws. `log` holds the lines
 * written.
 */
export function createTestContext(
  clock: Clock,
  parts: Partial<GatewayContext> = {},
): GatewayContext & { log: { level: string; msg: string }[]; metricsText(): Promise<string> } {
  const log: { level: string; msg: string }[] = [];
  const write = (line: string) => void log.push(JSON.parse(line) as { level: string; msg: string });
  const metrics = createMetrics('gateway');
  const played = {
    gatewayId: 'gateway.test',
    connectionsPerUser: 5,
    timeouts: { handshakeMs: 10_000, frameMs: 15_000, stuckMs: 30_000 },
    publicLimits: {},
    clock,
    logger: createLogger({ service: 'gateway', instance: 'test', level: 'debug', destination: { write } }),
    metrics: gatewayMetrics(metrics),
    hub: new Hub(),
    bandwidth: createBandwidth({ bytesPerMinute: 1_000_000_000, clock, metrics: gatewayMetrics(metrics) }),
    liveGateways: () => ['gateway.test'],
    log,
    metricsText: () => metrics.registry.metrics(),
    ...parts,
  };
  return new Proxy(played as ReturnType<typeof createTestContext>, {
    get(target, name) {
      if (name in target) return Reflect.get(target, name);
      throw new Error(`${String(name)} is not played in this test`);
    },
  });
}

export function sessionOf(user: number, device: number): Session {
  return {
    sessionId: `session_${device}`,
    userId: `user-${user}`,
    deviceId: `device-${device}`,
    user,
    device,
    publicKey: Buffer.alloc(32),
    capabilities: capabilitiesOf(['e2e_encryption']),
  };
}
