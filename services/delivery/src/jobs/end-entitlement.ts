import { type Job, withTransaction } from '@securechat/kernel';
import {
  dropPointers,
  findRevokedDevices,
  leaveConversations,
  type RevokedDevice,
} from '../store/entitlement.ts';
import type { JobParts } from './index.ts';

/** Revocations are timestamped before they commit, and a creation in flight may still include the device. */
const OVERLAP_MS = 5 * 60_000;
const DEVICES_AT_ONCE = 1_000;

/**
 * Ends a revoked device's part in everything: it gets no new messages, none of its own are accepted, and its waiting
 * messages are forgotten. A process scans all devices the first time, then those revoked since its last successful
 * run. Concurrent runs are harmless: the conversations' locks make the work idempotent.
 *
 * Devices of a disabled account are left alone: it may be re-enabled, and not every member could add them back.
 */
export function endEntitlement({ pool, clock, logger }: JobParts): Job {
  let succeededMs: number | undefined;
  let isRunning = false;

  async function look(signal: AbortSignal): Promise<void> {
    const startedMs = clock.monotonicMs();
    const withinSeconds =
      succeededMs === undefined ? undefined : (startedMs - succeededMs + OVERLAP_MS) / 1000;
    for (let part: RevokedDevice[] = [], isLast = false; !isLast; isLast = part.length < DEVICES_AT_ONCE) {
      const after = part.at(-1)?.id ?? 0;
      part = await findRevokedDevices(pool, { withinSeconds, after, limit: DEVICES_AT_ONCE });
      for (const { id, isOpen } of part) {
        if (signal.aborted) return;
        if (isOpen) await end(id);
      }
    }
    succeededMs = startedMs;
  }

  /** In bounded steps, so that no lock is held for long. */
  async function end(device: number): Promise<void> {
    let conversations = 0;
    for (let left = -1; left !== 0; conversations += left)
      left = (await withTransaction(pool, (client) => leaveConversations(client, device))).length;
    for (let dropped = -1; dropped !== 0; ) dropped = await dropPointers(pool, device);
    logger.info({ conversations }, 'a revoked device was removed from all conversations');
  }

  return {
    everyMs: 1_000,
    deadlineMs: 60_000,
    async run(signal) {
      // a run longer than a second needs no second one beside it, nor a second job slot
      if (isRunning) return;
      isRunning = true;
      try {
        await look(signal);
      } finally {
        isRunning = false;
      }
    },
  };
}
