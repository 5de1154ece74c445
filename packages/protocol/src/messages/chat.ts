import { defineMessage } from '../define-message.ts';
import { DeliveryStamp, envelopeFields } from '../envelope.ts';
import { MAX_CHAT_BYTES } from '../limits.ts';
import { Type } from '../schema/type.ts';

const fields = { type: Type.Literal('chat'), ...envelopeFields };

/** Anything a user sends, in a direct conversation or a group, and dummy traffic: all look alike. */
export const chat = defineMessage({
  name: 'chat',
  id: 0x0301,
  maxUpBytes: MAX_CHAT_BYTES,
  /** The stamp adds about 90 bytes to an envelope of any size. */
  maxDownBytes: MAX_CHAT_BYTES + 256,
  up: Type.Object(fields, { additionalProperties: false }),
  down: Type.Object({ ...fields, delivery: DeliveryStamp }),
});
