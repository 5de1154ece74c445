import { GATEWAY_DEAD_AFTER_MS } from '@securechat/directory';
import type { Logger, RedisClient } from '@securechat/kernel';
import { errorMessage } from '@securechat/protocol';
import { addressScript } from './scripts.ts';
import { doorLimits } from './table.ts';

/** What a client from a full address is told, at either door: only a closed connection makes room. */
export const addressRefusal = errorMessage('RATE_LIMITED', {
  scope: 'address_connections',
  retry_after_ms: 60_000,
});

export type AddressLimit = {
  /** Sockets per address in this process, whatever their state. */
  readonly mostSockets: number;
  /** True when this process alone is at the address's limit; known without asking Redis. */
  isFullHere(address: string): boolean;
  /** Counts one more connection across all gateways. If it resolves with true, the caller must call `leave`. */
  enter(address: string): Promise<boolean>;
  leave(address: string): void;
};

/** Concurrent connections per client address, across all gateways. While Redis is down each gateway counts alone. */
export function createAddressLimit(parts: {
  redis: RedisClient;
  prefix: string;
  gatewayId: string;
  most: number;
  liveGateways: () => readonly string[];
  onRefused: () => void;
  logger: Logger;
}): AddressLimit {
  const { redis, prefix, gatewayId, most, logger } = parts;
  const here = new Map<string, number>();
  const keyOf = (address: string): string => `${prefix}:{ip.${address}}:connections`;

  function write(address: string): Promise<0 | 1> {
    const live = new Set([...parts.liveGateways(), gatewayId]);
    const count = here.get(address) ?? 0;
    return addressScript.run(
      redis,
      [keyOf(address)],
      [gatewayId, count, most, JSON.stringify([...live]), GATEWAY_DEAD_AFTER_MS],
    );
  }

  function change(address: string, by: 1 | -1): void {
    const count = (here.get(address) ?? 0) + by;
    if (count > 0) here.set(address, count);
    else here.delete(address);
  }

  function leave(address: string): void {
    change(address, -1);
    write(address).catch((err: unknown) =>
      logger.debug({ err }, 'connection of an address not counted down yet'),
    );
  }

  function isFullHere(address: string): boolean {
    const isFull = (here.get(address) ?? 0) >= most;
    if (isFull) parts.onRefused();
    return isFull;
  }

  return {
    mostSockets: most * doorLimits.socketsPerConnection,
    isFullHere,
    async enter(address) {
      if (isFullHere(address)) return false;
      change(address, 1);
      let admitted: boolean;
      try {
        admitted = (await write(address)) === 1;
      } catch (err) {
        logger.debug({ err }, 'connections of an address counted in this process alone');
        admitted = (here.get(address) ?? 0) <= most;
      }
      if (!admitted) {
        parts.onRefused();
        change(address, -1);
      }
      return admitted;
    },
    leave,
  };
}
