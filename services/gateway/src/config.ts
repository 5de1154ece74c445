import { bytes, defineConfig, durationMs, int, redisOption, str, streamOptions } from '@securechat/kernel';
import { CHALLENGE_VALID_MS } from '@securechat/protocol';

export const options = defineConfig({
  redisUrl: redisOption,
  ...streamOptions,
  gatewayId: str({
    env: 'GATEWAY_ID',
    default: 'gateway',
    pattern: /^[A-Za-z0-9_-]{1,40}$/,
    doc: 'Name of this gateway in server_hello; in Redis a part that is new at each start is added to it',
  }),
  host: str({ env: 'GATEWAY_HOST', default: '127.0.0.1', doc: 'Address of both listeners' }),
  wsPort: int({
    env: 'GATEWAY_WS_PORT',
    default: 7443,
    min: 0,
    max: 65_535,
    doc: 'Port of WebSocket, path /v1/ws',
  }),
  tcpPort: int({
    env: 'GATEWAY_TCP_PORT',
    default: 7445,
    min: 0,
    max: 65_535,
    doc: 'Port of the TCP fallback',
  }),
  tlsCertFile: str({
    env: 'GATEWAY_TLS_CERT_FILE',
    optional: true,
    doc: 'Certificate chain (PEM); then both ports speak TLS 1.3 only',
  }),
  tlsKeyFile: str({
    env: 'GATEWAY_TLS_KEY_FILE',
    optional: true,
    doc: 'Private key of the certificate (PEM)',
  }),
  messagesPerMinute: int({
    env: 'GATEWAY_MESSAGES_PER_MINUTE',
    default: 100,
    min: 1,
    doc: 'Messages of one user in any 60 seconds, over all devices and gateways',
  }),
  connectionsPerUser: int({
    env: 'GATEWAY_CONNECTIONS_PER_USER',
    default: 5,
    min: 1,
    doc: 'Connections of one user at once',
  }),
  connectionsPerAddress: int({
    env: 'GATEWAY_CONNECTIONS_PER_IP',
    default: 100,
    min: 1,
    doc: 'Connections from one IPv4 address or IPv6 /64 at once, over all gateways',
  }),
  handshakeTimeoutMs: durationMs({
    env: 'GATEWAY_HANDSHAKE_TIMEOUT_MS',
    default: 10_000,
    min: 100,
    max: CHALLENGE_VALID_MS,
    doc: 'From accepting a socket to the end of its login',
  }),
  drainMs: durationMs({
    env: 'GATEWAY_DRAIN_MS',
    default: 3_000,
    min: 0,
    doc: 'At a stop, clients are told to come back at a time of their own within this',
  }),
  maxIngressBytes: bytes({
    env: 'GATEWAY_MAX_INGRESS_BYTES',
    default: 16 * 1024 * 1024,
    min: 1024 * 1024,
    doc: 'Messages waiting for Redis in this process; further ones are refused with 2002',
  }),
});
