import { defineMessage } from '../define-message.ts';
import { Count } from '../ids.ts';
import { Type } from '../schema/type.ts';

/** In-band repair: the client saw a hole after mailbox sequence `from` and asks for everything behind it again. */
export const sync = defineMessage({
  name: 'sync',
  id: 0x0305,
  up: Type.Object({ type: Type.Literal('sync'), from: Count }),
});
