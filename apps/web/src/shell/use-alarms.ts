import type { Alarm } from '@securechat/client';
import { useEffect, useState } from 'preact/hooks';
import { useClient } from '../session/session.ts';
import { isSameAlarm } from '../text/alarm-text.ts';

export type ShownAlarm = { alarm: Alarm; times: number };

/** A server that causes fake alarms must not fill the screen; all are counted in `client.stats`. */
const MAX_SHOWN = 20;

/** A repeated alarm is counted but not shown again. Newest last. */
export function addAlarm(shown: readonly ShownAlarm[], alarm: Alarm): ShownAlarm[] {
  const same = shown.find((each) => isSameAlarm(each.alarm, alarm));
  if (same !== undefined) {
    return shown.map((each) => (each === same ? { alarm, times: same.times + 1 } : each));
  }
  return [...shown, { alarm, times: 1 }].slice(-MAX_SHOWN);
}

export function useAlarms(): { shown: readonly ShownAlarm[]; dismiss(alarm: ShownAlarm): void } {
  const client = useClient();
  const [shown, setShown] = useState<readonly ShownAlarm[]>([]);
  useEffect(() => client.on('alarm', (alarm) => setShown((before) => addAlarm(before, alarm))), [client]);
  return { shown, dismiss: (alarm) => setShown((before) => before.filter((each) => each !== alarm)) };
}
