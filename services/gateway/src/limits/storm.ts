import type { Clock } from '@securechat/kernel';
import { type ErrorBody, errorMessage } from '@securechat/protocol';
import { SharedBucket } from './shared-bucket.ts';
import { doorLimits } from './table.ts';

/** Refused clients come back at a random time in this range. */
const COME_BACK_MS = { from: 1_000, to: 5_000 };

/**
 * Shields logged-in clients from a storm of new connections (a gateway or network came back, or an attack):
 * handshakes per second are limited in this process, and further ones are refused before they cost anything.
 */
export type Storm = {
  /**
   * Asked for each socket before its TLS handshake; a "no" cannot be explained to the peer. The address is undefined
   * for a proxy's sockets, which carry many clients.
   */
  maySocketCome(address: string | undefined): boolean;
  /** Asked before a login starts. Undefined when it may, otherwise what the client is told. */
  refusal(address: string): (ErrorBody & { retry_after_ms: number }) | undefined;
};

export function createStorm(parts: { perSecond: number; clock: Clock; onRefused: () => void }): Storm {
  const { perSecond, clock, onRefused } = parts;
  const sockets = new SharedBucket(perSecond * doorLimits.socketsPerHandshake);
  const handshakes = new SharedBucket(perSecond);

  function count(mayCome: boolean): boolean {
    if (!mayCome) onRefused();
    return mayCome;
  }

  return {
    maySocketCome: (address) => count(sockets.take(address, clock.monotonicMs())),
    refusal(address) {
      if (count(handshakes.take(address, clock.monotonicMs()))) return undefined;
      const { from, to } = COME_BACK_MS;
      const retry_after_ms = Math.round(from + Math.random() * (to - from));
      const detail = { scope: 'handshakes', retry_after_ms };
      return { ...errorMessage('SERVER_UNAVAILABLE', detail), retry_after_ms };
    },
  };
}
