import { defineMessage } from '../define-message.ts';
import { Count, UnixSeconds } from '../ids.ts';
import { Type } from '../schema/type.ts';

/** Heartbeat of the client, every 30 s (jittered). `sequence` grows by at least one per ping of a connection. */
export const ping = defineMessage({
  name: 'ping',
  id: 0x0005,
  up: Type.Object({ type: Type.Literal('ping'), timestamp: UnixSeconds, sequence: Count }),
});
