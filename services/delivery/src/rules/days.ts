import { MAX_TIMESTAMP_BEHIND_SECONDS } from '@securechat/protocol';

export const DAY_MS = 24 * 3600 * 1000;
/**
 * Ids are remembered a day longer than the age of the oldest message accepted, so there is no gap in duplicate
 * detection.
 */
export const REMEMBER_IDS_MS = MAX_TIMESTAMP_BEHIND_SECONDS * 1000 + DAY_MS;

/** `YYYY-MM-DD`, UTC. */
export const dayOf = (ms: number): string => new Date(ms).toISOString().slice(0, 10);

/** From newest to oldest, both inclusive: most lookups are for recent messages. */
export function daysBetween(fromMs: number, toMs: number): string[] {
  const days: string[] = [];
  for (let day = Math.floor(toMs / DAY_MS); day >= Math.floor(fromMs / DAY_MS); day--)
    days.push(dayOf(day * DAY_MS));
  return days;
}

export type Days = {
  /** Messages received before this day are dropped, delivered or not. */
  keepFrom: string;
  /** Ids of messages received before this day need not be remembered. */
  idsFrom: string;
};

/** Ids are kept a day longer: another process's clock may be a little behind at midnight. */
export function daysAt(nowMs: number, retentionDays: number): Days {
  return {
    keepFrom: dayOf(nowMs - retentionDays * DAY_MS),
    idsFrom: dayOf(nowMs - REMEMBER_IDS_MS - DAY_MS),
  };
}
