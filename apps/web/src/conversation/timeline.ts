import type { Message } from '@securechat/client';
import { dayOf } from '../text/time.ts';

/** Consecutive messages of one person within this time are grouped under one name. */
const RUN_MS = 5 * 60_000;

export type TimelineEntry = {
  readonly message: Message;
  /** First of its day. */
  readonly beginsDay: boolean;
  readonly beginsRun: boolean;
  readonly endsRun: boolean;
  /** The line "New" is above it. */
  readonly isFirstUnread: boolean;
};

/** `firstUnreadId`: of the first message that was unread when the conversation was opened. */
export function timeline(messages: readonly Message[], firstUnreadId?: string): TimelineEntry[] {
  return messages.map((message, index) => {
    const previous = messages[index - 1];
    const next = messages[index + 1];
    return {
      message,
      beginsDay: previous === undefined || dayOf(previous.sentAtMs) !== dayOf(message.sentAtMs),
      beginsRun: previous === undefined || !isOneRun(previous, message),
      endsRun: next === undefined || !isOneRun(message, next),
      isFirstUnread: message.id === firstUnreadId,
    };
  });
}

function isOneRun(earlier: Message, later: Message): boolean {
  return (
    earlier.from === later.from &&
    isSaid(earlier) &&
    isSaid(later) &&
    dayOf(earlier.sentAtMs) === dayOf(later.sentAtMs) &&
    later.sentAtMs - earlier.sentAtMs < RUN_MS
  );
}

/** Total, so that each new body type is decided on: false types appear between the bubbles, or nowhere. */
const IS_SAID: Record<Message['body']['type'], boolean> = {
  ...{ text: true, file: true, deleted: true, unknown: true },
  ...{ notice: false, missing: false },
};

/** Written by a person: not a notice or a gap. */
export function isSaid({ body }: Message): boolean {
  return IS_SAID[body.type];
}
