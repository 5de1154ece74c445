import { defineMessage } from '../define-message.ts';
import { Count } from '../ids.ts';
import { Type } from '../schema/type.ts';

/** In-band repair: the client saw a gap after mailbox sequence `from` and requests everything after it again. */
export const sync = defineMessage({
  name: 'sync',
  id: 0x0305,
  up: Type.Object({ type: Type.Literal('sync'), from: Count }),
});
