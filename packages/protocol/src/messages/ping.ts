import { defineMessage } from '../define-message.ts';
import { Count, UnixSeconds } from '../ids.ts';
import { Type } from '../schema/type.ts';

/** The client's heartbeat, every 30 s (jittered). `sequence` increases with every ping of a connection. */
export const ping = defineMessage({
  name: 'ping',
  id: 0x0005,
  up: Type.Object({ type: Type.Literal('ping'), timestamp: UnixSeconds, sequence: Count }),
});
