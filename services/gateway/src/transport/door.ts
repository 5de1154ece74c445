import type { SecureContextOptions, TlsOptions } from 'node:tls';
import type { NetworkMatcher, OriginMatcher } from '@securechat/kernel';
import type { AddressLimit } from '../limits/address-limit.ts';
import type { Storm } from '../limits/storm.ts';
import type { Accept } from './transport.ts';

/** Why a socket did not become a connection; the limits have their own metric. */
export const turnedAwayReasons = ['proxy_header', 'sockets_per_address', 'origin'] as const;
export type TurnedAwayReason = (typeof turnedAwayReasons)[number];

/** What both doors need. */
export type DoorOptions = {
  host: string;
  port: number;
  tls: TlsOptions | undefined;
  /** Neither TLS nor an upgrade may take longer than the whole login. */
  handshakeTimeoutMs: number;
  /** Trusted proxies report client addresses by the PROXY protocol. */
  proxyProtocol: boolean;
  isTrustedProxy: NetworkMatcher;
  isAllowedOrigin: OriginMatcher;
  addresses: AddressLimit;
  storm: Storm;
  onTurnedAway(reason: TurnedAwayReason): void;
  accept: Accept;
};

export type Door = {
  readonly port: number;
  /** New handshakes see this certificate; existing connections stay. */
  renew(certificate: SecureContextOptions): void;
  /** Accepts nobody any more; resolves when the last client has gone. */
  close(): Promise<void>;
};
