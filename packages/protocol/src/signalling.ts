import { defineMessage } from './define-message.ts';
import {
  Base64,
  ConversationId,
  Count,
  DeviceId,
  Id,
  MessageId,
  Nonce,
  Signature,
  UnixSeconds,
  UserId,
} from './ids.ts';
import { MAX_SIGNAL_BYTES } from './limits.ts';
import { type Schema, Type } from './schema/type.ts';

/** The other end's device, once known. */
export const OtherEnd = DeviceId;
export const MaybeOtherEnd = Type.Optional(DeviceId);

/**
 * What the two ends of a direct connection tell each other through the server. Like an envelope: flat, fully signed
 * (context `p2p`), with ciphertext inside, which holds session description and candidates. Unlike one, it is not
 * stored and has no position in the conversation.
 */
export function defineSignal<const Name extends string, To extends Schema>(name: Name, id: number, to: To) {
  const fields = Type.Object(
    {
      type: Type.Literal(name),
      id: MessageId,
      from: UserId,
      to: UserId,
      device_id: DeviceId,
      to_device: to,
      /** The conversation of these two users, whose keys encrypt the payload. */
      conversation_id: ConversationId,
      epoch: Count,
      generation: Count,
      /** Random, chosen by the offering device. */
      session_id: Id,
      timestamp: UnixSeconds,
      nonce: Nonce,
      payload: Base64(MAX_SIGNAL_BYTES),
      signature: Signature,
    },
    { additionalProperties: false },
  );
  return defineMessage({ name, id, up: fields, down: fields });
}
