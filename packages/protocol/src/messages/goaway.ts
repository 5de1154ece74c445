import { defineMessage } from '../define-message.ts';
import { Count } from '../ids.ts';
import { Type } from '../schema/type.ts';

/** The server will end this connection. `reconnect_after_ms` is this client's own delay, spread over all clients. */
export const goaway = defineMessage({
  name: 'goaway',
  id: 0x0008,
  down: Type.Object({
    type: Type.Literal('goaway'),
    code: Type.Integer({ minimum: 1000, maximum: 4999 }),
    reason: Type.String({ maxLength: 123 }),
    reconnect_after_ms: Type.Optional(Count),
  }),
});
