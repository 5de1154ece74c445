import { type ConfigOf, readConfig, type SecretsOf, serviceOptions } from '@securechat/kernel';
import { options } from './config.ts';
import { ANSWERS_MS } from './drain.ts';

/** For the work after the last client has been sent away: acks, routes, the place in Redis. */
const LEAVING_MS = 2_000;

const withGrace = { ...options, shutdownGraceMs: serviceOptions.shutdownGraceMs };

type GatewayConfig = { config: ConfigOf<typeof withGrace>; secrets: SecretsOf<typeof withGrace> };

/** A gateway's environment; reports all faults at once, including those of options that need each other. */
export function readGatewayConfig(env: NodeJS.ProcessEnv): GatewayConfig {
  return readConfig(withGrace, env, ({ config }) => [
    ...findTlsFaults(config),
    ...findProxyFaults(config),
    ...findGraceFaults(config),
  ]);
}

type Given = Partial<GatewayConfig['config']>;

/** With only one of them the doors would be open without TLS. */
function findTlsFaults(config: Given): string[] {
  if (!('tlsCertFile' in config && 'tlsKeyFile' in config)) return [];
  if ((config.tlsCertFile === undefined) === (config.tlsKeyFile === undefined)) return [];
  return ['GATEWAY_TLS_CERT_FILE and GATEWAY_TLS_KEY_FILE belong together: one of them is missing.'];
}

/** A gateway that trusts nobody's headers would take every client for the proxy's. */
function findProxyFaults({ wsProxyProtocol, tcpProxyProtocol, trustedProxies }: Given): string[] {
  if (!(wsProxyProtocol || tcpProxyProtocol) || trustedProxies?.length !== 0) return [];
  return ['The PROXY protocol is of use only from a proxy that GATEWAY_TRUSTED_PROXIES names.'];
}

/** A process killed half-way cuts off the clients that it has not told yet. */
function findGraceFaults({ drainMs, shutdownGraceMs }: Given): string[] {
  if (drainMs === undefined || shutdownGraceMs === undefined) return [];
  const least = drainMs + ANSWERS_MS + LEAVING_MS;
  if (shutdownGraceMs >= least) return [];
  return [
    `SHUTDOWN_GRACE_MS is ${shutdownGraceMs}: with GATEWAY_DRAIN_MS=${drainMs} it must be at least ${least}.`,
  ];
}
