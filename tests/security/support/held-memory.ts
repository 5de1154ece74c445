import { until } from '@securechat/testkit';
import type { Gateway } from '../../support/constellation.ts';
import type { Attacker } from './attacker.ts';

/** Memory is at its least when this many collections in a row have brought no more than that. */
const LOOKS_IN_VAIN = 4;
const STEADY_BYTES = 128 * 1024;

/** Bytes that the gateway holds once all connections are gone and garbage is collected; tries until it is `atMost`. */
export async function emptyAndCollected(
  gateway: Gateway,
  attackers: readonly Attacker[],
  atMost = Number.POSITIVE_INFINITY,
): Promise<number> {
  for (const attacker of attackers) attacker.close();
  let least = Number.POSITIVE_INFINITY;
  let looksInVain = 0;
  const enough = async (): Promise<boolean> => {
    process.kill(gateway.pid, 'SIGUSR2');
    const { sum } = await gateway.metrics();
    if (sum('securechat_gateway_connections_count') > 0) return false;
    const held = sum('nodejs_heap_size_used_bytes') + sum('nodejs_external_memory_bytes');
    // buffers go some time after their owners
    looksInVain = held < least - STEADY_BYTES ? 0 : looksInVain + 1;
    least = Math.min(least, held);
    return looksInVain >= LOOKS_IN_VAIN && least <= atMost;
  };
  await until(`${gateway.name} holds no connection, and at most ${atMost} bytes`, enough).catch(
    (error: unknown) => {
      if (least === Number.POSITIVE_INFINITY) throw error;
    },
  );
  return least;
}
