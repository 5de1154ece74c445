const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** The local calendar day; equal for times on the same day. */
export function dayOf(atMs: number): string {
  return new Date(atMs).toDateString();
}

export function clockTime(atMs: number): string {
  return new Date(atMs).toLocaleTimeString(undefined, { hour: '2-digit', minute: '2-digit' });
}

/** Heading for a day in a conversation. */
export function dayLabel(atMs: number, nowMs: number): string {
  if (dayOf(atMs) === dayOf(nowMs)) return 'Today';
  if (dayOf(atMs) === dayOf(daysBefore(nowMs, 1))) return 'Yesterday';
  const isThisYear = new Date(atMs).getFullYear() === new Date(nowMs).getFullYear();
  return new Date(atMs).toLocaleDateString(undefined, {
    weekday: 'long',
    day: 'numeric',
    month: 'long',
    ...(isThisYear ? {} : { year: 'numeric' }),
  });
}

/** For a list row: the time today, the weekday this week, else the date. */
export function shortTime(atMs: number, nowMs: number): string {
  if (dayOf(atMs) === dayOf(nowMs)) return clockTime(atMs);
  const isThisWeek = atMs < nowMs && atMs > daysBefore(nowMs, 6);
  return new Date(atMs).toLocaleDateString(
    undefined,
    isThisWeek ? { weekday: 'short' } : { day: 'numeric', month: 'short' },
  );
}

export function fullTime(atMs: number): string {
  return new Date(atMs).toLocaleString(undefined, { dateStyle: 'long', timeStyle: 'medium' });
}

/** In words, rounded down to the largest unit: "5 minutes". */
export function duration(forMs: number): string {
  const units = [
    ['week', 7 * DAY_MS],
    ['day', DAY_MS],
    ['hour', HOUR_MS],
    ['minute', MINUTE_MS],
    ['second', 1_000],
  ] as const;
  const [unit, unitMs] = units.find(([, each]) => forMs >= each) ?? ['second', 1_000];
  const count = Math.floor(forMs / unitMs);
  return `${count} ${unit}${count === 1 ? '' : 's'}`;
}

/** By the calendar: days with a clock change have 23 or 25 hours. */
function daysBefore(nowMs: number, days: number): number {
  const date = new Date(nowMs);
  date.setDate(date.getDate() - days);
  return date.getTime();
}
