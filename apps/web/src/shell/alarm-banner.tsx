import { Icon } from '../parts/icon.tsx';
import { useNames } from '../parts/use-names.ts';
import { toHash } from '../session/routes.ts';
import { alarmText } from '../text/alarm-text.ts';
import { type ShownAlarm, useAlarms } from './use-alarms.ts';

/** Alarms stay on top until the user dismisses them. */
export function AlarmBanner() {
  const { shown, dismiss } = useAlarms();
  return (
    <div class="alarms" role="alert" aria-label="Warnings">
      {shown.map((each) => (
        <AlarmLine key={each.alarm} shown={each} onDismiss={() => dismiss(each)} />
      ))}
    </div>
  );
}

function AlarmLine({ shown, onDismiss }: { shown: ShownAlarm; onDismiss(): void }) {
  const { alarm, times } = shown;
  const { nameOf } = useNames();
  const { title, advice } = alarmText(alarm, nameOf);
  return (
    <section class="alarm" aria-label={title}>
      <Icon name="alert" />
      <div>
        <strong>{title}</strong>
        {times > 1 && <span class="hint"> · {times} times</span>}
        <p>{advice}</p>
      </div>
      <div class="button-row">
        <AlarmLink shown={shown} />
        <button type="button" class="button" onClick={onDismiss}>
          Dismiss
        </button>
      </div>
    </section>
  );
}

function AlarmLink({ shown: { alarm } }: { shown: ShownAlarm }) {
  if (alarm.type === 'key-change' && alarm.userId !== undefined) {
    return (
      <a class="button" href={toHash({ page: 'person', userId: alarm.userId })}>
        Compare
      </a>
    );
  }
  if (alarm.conversationId === undefined) return null;
  return (
    <a class="button" href={toHash({ page: 'conversation', id: alarm.conversationId })}>
      Open
    </a>
  );
}
