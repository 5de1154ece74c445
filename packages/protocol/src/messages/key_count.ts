import { defineMessage } from '../define-message.ts';
import { Count, MessageId } from '../ids.ts';
import { Type } from '../schema/type.ts';

/**
 * How many key packages this device has in the store. Up: asks. Down: answers that and each `key_exchange`; without
 * `ref` it is unsolicited, because there are fewer than `low_water` or no last resort.
 */
export const keyCount = defineMessage({
  name: 'key_count',
  id: 0x0105,
  up: Type.Object({ type: Type.Literal('key_count'), id: MessageId }),
  down: Type.Object({
    type: Type.Literal('key_count'),
    ref: Type.Optional(MessageId),
    /** Packages that are given out once. */
    count: Count,
    last_resort: Type.Boolean(),
    low_water: Count,
  }),
});
