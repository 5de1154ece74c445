import { createHash } from 'node:crypto';

const ROUNDS = 20_000;
const document = JSON.stringify({
  type: 'chat',
  id: 'm_0123456789abcdef',
  timestamp: 1_800_000_000,
  encrypted: true,
  payload: 'A'.repeat(512),
  metadata: { thread_id: 't1', expires_at: 1_800_000_000 },
});
const block = Buffer.alloc(1024, 7);

/**
 * Milliseconds that a fixed amount of work takes on one core: 20,000 times SHA-256 of 1 KiB and `JSON.parse` of 640 bytes. Printed beside
 * every figure, so that machines, and moments of one machine, can be compared.
 */
export function referenceLoopMs(): number {
  loop(ROUNDS / 10);
  const startedAtMs = performance.now();
  loop(ROUNDS);
  return performance.now() - startedAtMs;
}

function loop(rounds: number): void {
  let seen = 0;
  for (let round = 0; round < rounds; round++) {
    block.writeUInt32LE(round, 0);
    seen += createHash('sha256').update(block).digest()[0] ?? 0;
    seen += (JSON.parse(document) as { timestamp: number }).timestamp;
  }
  if (seen === 0) throw new Error('unreachable; keeps the work from being optimised away');
}
