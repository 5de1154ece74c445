import { defineMessage } from '../define-message.ts';
import { Type } from '../schema/type.ts';
import { signalFields } from '../signalling.ts';

const fields = Type.Object(
  { type: Type.Literal('p2p_candidate'), ...signalFields, to_device: signalFields.to_device },
  { additionalProperties: false },
);

/** Where this end can be reached. Not before there is an answer: nobody learns an address who was not agreed to. */
export const p2pCandidate = defineMessage({ name: 'p2p_candidate', id: 0x0603, up: fields, down: fields });
