import { MAX_TIMESTAMP_BEHIND_SECONDS } from '@securechat/protocol';

export const DAY_MS = 24 * 3600 * 1000;
/** Ids are remembered for a day longer than the oldest message that is accepted: no blind spot between the two. */
export const REMEMBER_IDS_MS = MAX_TIMESTAMP_BEHIND_SECONDS * 1000 + DAY_MS;

/** `YYYY-MM-DD`, UTC. */
export const dayOf = (ms: number): string => new Date(ms).toISOString().slice(0, 10);

export type Days = {
  /** What came in before this day is dropped, delivered or not. */
  keepFrom: string;
  /** Ids of messages that came in before this day need not be remembered. */
  idsFrom: string;
};

/** A day more for the ids: another process may be a little behind midnight. */
export function daysAt(nowMs: number, retentionDays: number): Days {
  return {
    keepFrom: dayOf(nowMs - retentionDays * DAY_MS),
    idsFrom: dayOf(nowMs - REMEMBER_IDS_MS - DAY_MS),
  };
}
