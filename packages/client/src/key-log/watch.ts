import { sizeClassOf } from '@securechat/crypto/e2ee';
import { loadKeepsake } from '../account/account.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { KeyLogMonitor } from './monitor.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** Several users are often met at once. */
const SETTLE_MS = 500;

/**
 * Checks the key log while the client runs: on connecting, every hour, and when a user is new or has a new list. Once a day it tells each
 * conversation what was shown here, and it compares what others report.
 */
export function watchKeyLog(runtime: Runtime): void {
  const { core, pins, connection, account, stopping } = runtime;
  const monitor = new KeyLogMonitor({
    ...{ connection, store: core.store, pins, ownId: account.userId, signal: stopping.signal },
    serviceKeys: async () => (await loadKeepsake(core.store)).pins,
    alarm: (detail, userId) =>
      core.tell.alarm({ type: 'key-log', ...(userId === undefined ? {} : { userId }), detail }),
  });
  let isDue = true;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const plan = (ms: number): void => {
    clearTimeout(timer);
    // work still in progress may meet a user after the client was closed
    if (!stopping.signal.aborted) timer = setTimeout(look, ms);
  };
  const look = (): void => {
    plan(HOUR_MS);
    if (connection.state !== 'connected') return;
    isDue = false;
    runtime.background(
      monitor.check().catch((error: unknown) => {
        isDue = true;
        throw error;
      }),
    );
  };

  const toldAtMs = new Map<string, number>();
  const comparedAtMs = new Map<string, number>();
  const isTime = (times: Map<string, number>, key: string, everyMs: number): boolean => {
    if (core.now() - (times.get(key) ?? 0) < everyMs) return false;
    times.set(key, core.now());
    return true;
  };
  core.keyLog = {
    async tell(conversationId, encode) {
      const plain = await encode();
      const { told } = monitor;
      if (told === undefined || !isTime(toldAtMs, conversationId, DAY_MS)) return plain;
      const longer = await encode(told);
      if (sizeClassOf(longer) === sizeClassOf(plain)) return longer;
      toldAtMs.delete(conversationId);
      return plain;
    },
    compare(userId, told) {
      if (isTime(comparedAtMs, userId, HOUR_MS)) runtime.background(monitor.compare(userId, told));
    },
  };
  pins.on('devices', () => plan(SETTLE_MS));
  connection.on('state', (state) => state === 'connected' && isDue && plan(SETTLE_MS));
  stopping.signal.addEventListener('abort', () => clearTimeout(timer));
  look();
}
