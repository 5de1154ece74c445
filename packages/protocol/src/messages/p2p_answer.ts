import { defineMessage } from '../define-message.ts';
import { Type } from '../schema/type.ts';
import { signalFields } from '../signalling.ts';

const fields = Type.Object(
  { type: Type.Literal('p2p_answer'), ...signalFields, to_device: signalFields.to_device },
  { additionalProperties: false },
);

/** Yes. The first device that answers is the other end; its user's other devices get a copy and stop asking. */
export const p2pAnswer = defineMessage({ name: 'p2p_answer', id: 0x0602, up: fields, down: fields });
