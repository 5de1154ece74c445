import { defineMessage } from '../define-message.ts';
import { MessageId } from '../ids.ts';
import { Type } from '../schema/type.ts';

/** Up: this device no longer wants to be woken. Down: confirms it. */
export const pushUnsubscribe = defineMessage({
  name: 'push_unsubscribe',
  id: 0x030d,
  up: Type.Object({ type: Type.Literal('push_unsubscribe'), id: MessageId }),
  down: Type.Object({ type: Type.Literal('push_unsubscribe'), ref: MessageId }),
});
