import { type Job, withTransaction } from '@securechat/kernel';
import {
  dropPointers,
  findRevokedDevices,
  leaveConversations,
  type RevokedDevice,
} from '../store/entitlement.ts';
import type { JobParts } from './index.ts';

/** A revocation is dated before it is committed, and a creation may be under way that still counts the device. */
const OVERLAP_MS = 5 * 60_000;
const DEVICES_AT_ONCE = 1_000;

/**
 * A revoked device takes part in nothing any more: no new message is for it, none of its own is taken, and what
 * waited for it is forgotten. A process looks for everything the first time, then for what was revoked since it last did.
 * What two do at once is done once, under the conversations' locks.
 *
 * The devices of a disabled account are let be: it may be enabled again, and not everybody could give them back.
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

  /** In bites, so that no lock is held for long. */
  async function end(device: number): Promise<void> {
    let conversations = 0;
    for (let left = -1; left !== 0; conversations += left)
      left = (await withTransaction(pool, (client) => leaveConversations(client, device))).length;
    for (let dropped = -1; dropped !== 0; ) dropped = await dropPointers(pool, device);
    logger.info({ conversations }, 'a revoked device takes part in nothing any more');
  }

  return {
    everyMs: 1_000,
    deadlineMs: 60_000,
    async run(signal) {
      // one that takes longer than a second needs no other one beside it, and no second place among the jobs
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
