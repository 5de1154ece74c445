import type { RevocationSet } from '@securechat/directory';
import { type Clock, type Logger, repeatEvery, shareRuns, withDeadline } from '@securechat/kernel';
import type { Hub } from './connection/hub.ts';

const REFRESH_EVERY_MS = 1_000;
/** For one read of Redis; with the pause before it still far below the next number. */
const READ_DEADLINE_MS = 1_500;
/** The promise is 5 s from a revocation to the last ticket accepted; the rest is for propagation. */
const FRESH_FOR_MS = 4_000;
/** Redis drops entries that no longer matter; by starting over, so does the copy. */
const START_OVER_AFTER_MS = 3600 * 1000;

type Copy = { generation: string; through: string; devices: Set<number>; begunMs: number };

export type Revocations = {
  /** Resolves after the first look, whatever its outcome. */
  start(): Promise<void>;
  /** Whether a ticket may vouch for this device: not revoked, as of at most 4 s ago. */
  mayResume(device: number): boolean;
  /** Whether the device is known to be revoked. */
  has(device: number): boolean;
  /** Since the set was last read completely. */
  ageMs(): number;
  /** Reads the set again. Rejects when that is not possible now. */
  refresh(): Promise<void>;
  /** Resolves when a read that is under way has ended. */
  stop(): Promise<void>;
};

/**
 * This gateway's copy of the revoked devices. It is refreshed every second, and connections of newly revoked devices
 * are closed. While the set is missing in Redis, or was not read for 4 s, no ticket is accepted: logins then ask
 * auth, which asks Postgres.
 */
export function createRevocations(parts: {
  set: RevocationSet;
  hub: Hub;
  clock: Clock;
  logger: Logger;
}): Revocations {
  const { set, hub, clock, logger } = parts;
  let copy = emptyCopy();
  let seenMs = Number.NEGATIVE_INFINITY;
  const looks = shareRuns(look);
  let refreshing: { stop(): Promise<void> } | undefined;

  function emptyCopy(): Copy {
    return { generation: '', through: '0', devices: new Set(), begunMs: clock.monotonicMs() };
  }

  const ageMs = (): number => clock.monotonicMs() - seenMs;

  async function look(): Promise<void> {
    const startedMs = clock.monotonicMs();
    let loading = startedMs - copy.begunMs > START_OVER_AFTER_MS ? emptyCopy() : copy;
    for (let isLast = false; !isLast; ) {
      const page = await withDeadline(set.read(loading), READ_DEADLINE_MS, 'reading the revocations');
      if (!page) {
        // known revocations hold, but there may be others
        seenMs = Number.NEGATIVE_INFINITY;
        return;
      }
      if (page.generation !== loading.generation) loading = { ...emptyCopy(), generation: page.generation };
      loading.through = page.through;
      for (const { device, isServed } of page.changes) {
        if (isServed) loading.devices.delete(device);
        else {
          loading.devices.add(device);
          end(device);
        }
      }
      isLast = page.isLast;
    }
    if (loading !== copy) {
      copy = loading;
      // sessions that logged in during the read were checked against the old copy
      for (const { session } of hub.sessions())
        if (session && copy.devices.has(session.device)) end(session.device);
    }
    seenMs = startedMs;
  }

  function end(device: number): void {
    hub.ofDevice(device)?.close('revoked');
  }

  function failed(err: unknown): void {
    logger.debug({ err }, 'revocations not read; trying again');
  }

  return {
    async start() {
      await looks.ask().catch(failed);
      refreshing = repeatEvery(REFRESH_EVERY_MS, looks.ask, failed);
    },
    mayResume: (device) => ageMs() <= FRESH_FOR_MS && !copy.devices.has(device),
    has: (device) => copy.devices.has(device),
    ageMs,
    refresh: looks.ask,
    stop: async () => await refreshing?.stop(),
  };
}
