import type { Alarm } from '../../api/index.ts';
import { Forbidden } from '../membership/judge.ts';

/** What came in is not taken, and a person may have to know. The mailbox goes on behind it. */
export class Refused extends Error {
  override readonly name = 'Refused';
  readonly type: Alarm['type'];

  constructor(type: Alarm['type'], detail: string) {
    super(detail);
    this.type = type;
  }
}

/** What `judge` forbids is refused, and told. */
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
