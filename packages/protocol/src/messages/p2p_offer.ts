import { defineMessage } from '../define-message.ts';
import { Type } from '../schema/type.ts';
import { signalFields } from '../signalling.ts';

const fields = Type.Object(
  { type: Type.Literal('p2p_offer'), ...signalFields, to_device: Type.Optional(signalFields.to_device) },
  { additionalProperties: false },
);

/** Will you talk directly? To all devices of the other user, until one has answered; afterwards to that one, with new terms. */
export const p2pOffer = defineMessage({ name: 'p2p_offer', id: 0x0601, up: fields, down: fields });
