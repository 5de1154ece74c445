import { MAX_TIMESTAMP_BEHIND_SECONDS } from '@securechat/protocol';

export const DAY_MS = 24 * 3600 * 1000;
/** Ids are remembered for a day longer than the oldest message that is accepted: no blind spot between the two. */
export const REMEMBER_IDS_MS = MAX_TIMESTAMP_BEHIND_SECONDS * 1000 + DAY_MS;

/** `YYYY-MM-DD`, UTC. */
export const dayOf = (ms: number): string => new Date(ms).toISOString().slice(0, 10);

/** From the newest to the oldest, both included: most is asked about what has just come in. */
export function daysBetween(fromMs: number, toMs: number): string[] {
  const days: string[] = [];
  for (let day = Math.floor(toMs / DAY_MS); day >= Math.floor(fromMs / DAY_MS); day--)
    days.push(dayOf(day * DAY_MS));
  return days;
}

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
