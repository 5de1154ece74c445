import type { Alarm } from '../../api/index.ts';
import { Forbidden } from '../membership/judge.ts';

/** An incoming item is rejected and a person may need to know. The mailbox continues with the next one. */
export class Refused extends Error {
  override readonly name = 'Refused';
  readonly type: Alarm['type'];

  constructor(type: Alarm['type'], detail: string) {
    super(detail);
    this.type = type;
  }
}

/** Turns what `judge` forbids into a rejection with an alarm. */
export function refuseForbidden<T>(judge: () => T): T {
  try {
    return judge();
  } catch (error) {
    throw error instanceof Forbidden ? new Refused('forbidden', error.message) : error;
  }
}

type Told = { conversation_id: string; from?: string; device_id?: string; id?: string };

export function alarmOf(item: Told, type: Alarm['type'], detail: string): Alarm {
  return {
    ...{ type, detail, conversationId: item.conversation_id },
    ...(item.from === undefined ? {} : { userId: item.from }),
    ...(item.device_id === undefined ? {} : { deviceId: item.device_id }),
    ...(item.id === undefined ? {} : { messageId: item.id }),
  };
}
