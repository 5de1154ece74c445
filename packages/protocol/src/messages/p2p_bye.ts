import { defineMessage } from '../define-message.ts';
import { Type } from '../schema/type.ts';
import { signalFields } from '../signalling.ts';

const fields = Type.Object(
  { type: Type.Literal('p2p_bye'), ...signalFields, to_device: Type.Optional(signalFields.to_device) },
  { additionalProperties: false },
);

/** No, or not any more. To the other end, or to all who were asked. */
export const p2pBye = defineMessage({ name: 'p2p_bye', id: 0x0604, up: fields, down: fields });
