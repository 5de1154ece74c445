import type { Clock } from '@securechat/kernel';
import { type ErrorBody, errorMessage } from '@securechat/protocol';
import { SharedBucket } from './shared-bucket.ts';
import { doorLimits } from './table.ts';

/** Who is refused comes back at a time of its own within this. */
const COME_BACK_MS = { from: 1_000, to: 5_000 };

/**
 * Keeps a storm of new connections (a gateway or a network came back, or somebody means harm) from the clients that
 * are logged in: so many handshakes a second begin in this process, further ones are refused before they cost anything.
 */
export type Storm = {
  /**
   * Asked for each socket before its TLS handshake; the answer "no" cannot be explained to the peer. The address is undefined
   * for a proxy's sockets, which are those of many.
   */
  maySocketCome(address: string | undefined): boolean;
  /** Asked before a login may begin. Undefined when it may, else what the client is told. */
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
