import { defineMessage } from '../define-message.ts';
import { MessageId } from '../ids.ts';
import { Type } from '../schema/type.ts';

/** Up: this device is not to be woken any more. Down: so it is. */
export const pushUnsubscribe = defineMessage({
  name: 'push_unsubscribe',
  id: 0x030d,
  up: Type.Object({ type: Type.Literal('push_unsubscribe'), id: MessageId }),
  down: Type.Object({ type: Type.Literal('push_unsubscribe'), ref: MessageId }),
});
