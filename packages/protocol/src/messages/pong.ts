import { defineMessage } from '../define-message.ts';
import { Count, UnixSeconds } from '../ids.ts';
import { Type } from '../schema/type.ts';

/** Answer to `ping` with the same `sequence`. */
export const pong = defineMessage({
  name: 'pong',
  id: 0x0006,
  down: Type.Object({ type: Type.Literal('pong'), timestamp: UnixSeconds, sequence: Count }),
});
