import type { Message } from '@securechat/client';
import { Icon } from '../parts/icon.tsx';
import { useNames } from '../parts/use-names.ts';
import { missingText, noticeText } from '../text/message-text.ts';
import { dayLabel, fullTime } from '../text/time.ts';

export function DayLine({ atMs }: { atMs: number }) {
  return (
    <h2 class="day-line">
      <time dateTime={new Date(atMs).toISOString()}>{dayLabel(atMs, Date.now())}</time>
    </h2>
  );
}

export function UnreadLine() {
  return <p class="unread-line">New</p>;
}

/** A notice, or a placeholder for something missing. Undefined for messages. */
export function LineBetween({ message }: { message: Message }) {
  const { nameOf } = useNames();
  const { body, from, sentAtMs } = message;
  if (body.type === 'notice') {
    return (
      <p class="notice" title={fullTime(sentAtMs)}>
        {noticeText(from, body.notice, nameOf)}
      </p>
    );
  }
  if (body.type !== 'missing') return null;
  return (
    <p class="notice is-missing">
      <Icon name="alert" />
      {missingText(body.reason, body.count)}
      {body.isRepairing && ' · asking for it again'}
    </p>
  );
}
