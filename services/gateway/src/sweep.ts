import type { Clock, Logger } from '@securechat/kernel';
import type { Hub } from './connection/hub.ts';
import type { Requests } from './streams/requests.ts';

const SWEEP_EVERY_MS = 1_000;
/** Safety net against a lost push that no later one reveals: every mailbox's head is checked this often. */
const HEADS_EVERY_MS = 5 * 60_000;
const HEADS_AT_ONCE = 1_000;

/** Once a second: deadlines of all connections. One timer instead of several per connection. */
export function startSweep(parts: {
  hub: Hub;
  requests: Requests;
  clock: Clock;
  logger: Logger;
  onSweep: () => void;
}): { stop(): void } {
  const { hub, requests, clock, logger } = parts;
  let checkedHeadsAt = clock.monotonicMs();

  async function checkHeads(): Promise<void> {
    const sessions = [...hub.sessions()].flatMap((connection) => connection.session?.device ?? []);
    for (let at = 0; at < sessions.length; at += HEADS_AT_ONCE) {
      const heads = await requests.askHeads(sessions.slice(at, at + HEADS_AT_ONCE));
      for (const [device, head] of heads) hub.ofDevice(device)?.mailbox.reaches(head);
    }
  }

  const timer = setInterval(() => {
    const now = clock.monotonicMs();
    for (const connection of hub.all()) connection.sweep(now);
    parts.onSweep();
    if (now - checkedHeadsAt < HEADS_EVERY_MS) return;
    checkedHeadsAt = now;
    checkHeads().catch((err: unknown) => logger.warn({ err }, 'heads not checked; next time'));
  }, SWEEP_EVERY_MS);
  return { stop: () => clearInterval(timer) };
}
