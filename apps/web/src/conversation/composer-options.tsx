import type { Conversation } from '@securechat/client';
import { Icon } from '../parts/icon.tsx';
import { useSession } from '../session/session.ts';
import { duration } from '../text/time.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const TIMERS_MS = [MINUTE_MS, HOUR_MS, 8 * HOUR_MS, DAY_MS, 7 * DAY_MS, 28 * DAY_MS];

/** Format and expiry of new messages. */
export function ComposerOptions({ conversation }: { conversation: Conversation }) {
  const { preferences, prefer } = useSession();
  const { [conversation.id]: forMs, ...others } = preferences.timers;
  const choose = (chosen: number) =>
    prefer({ timers: chosen === 0 ? others : { ...others, [conversation.id]: chosen } });
  return (
    <span class={`timer-choice ${forMs === undefined ? '' : 'is-on'}`}>
      <Icon name="clock" />
      <span class="timer-now">{forMs === undefined ? '' : duration(forMs)}</span>
      <select
        aria-label="New messages disappear after"
        title="New messages disappear after"
        value={String(forMs ?? 0)}
        onChange={(event) => choose(Number(event.currentTarget.value))}
      >
        <option value="0">Messages stay</option>
        {TIMERS_MS.map((each) => (
          <option key={each} value={String(each)}>
            Disappear after {duration(each)}
          </option>
        ))}
      </select>
    </span>
  );
}
