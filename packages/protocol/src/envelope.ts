import {
  Base64,
  ConversationId,
  Count,
  DeviceId,
  Id,
  MessageId,
  Nonce,
  Sequence,
  Signature,
  UnixMs,
  UnixSeconds,
  UserId,
} from './ids.ts';
import { MAX_CHAT_BYTES, MAX_METADATA_ENTRIES } from './limits.ts';
import { type Static, Type } from './schema/type.ts';

const MetadataValue = Type.Union([Type.String({ maxLength: 256 }), Count, Type.Boolean()]);

/**
 * Flat and signed. The three names are the seed's; our own SDK sends only `expires_at`, because the reply and thread
 * graph belongs inside the ciphertext.
 */
const Metadata = Type.Object(
  {
    reply_to: Type.Optional(Id),
    thread_id: Type.Optional(Id),
    expires_at: Type.Optional(UnixSeconds),
  },
  { additionalProperties: MetadataValue, maxProperties: MAX_METADATA_ENTRIES },
);

/**
 * What one user sends to another. Closed: an unlisted top-level member would not be signed, so it is refused.
 * `payload` is ciphertext; the server never looks inside.
 */
export const envelopeFields = {
  id: MessageId,
  from: UserId,
  /** The peer's user id in a direct conversation, the conversation's id in a group. */
  to: Id,
  device_id: DeviceId,
  conversation_id: ConversationId,
  /** MLS epoch the payload was encrypted for, and its generation: 0 when absent. */
  epoch: Count,
  generation: Type.Optional(Count),
  /** 1, 2, 3 … per device and conversation, without gaps. */
  client_seq: Sequence,
  timestamp: UnixSeconds,
  encrypted: Type.Boolean(),
  nonce: Nonce,
  payload: Base64((MAX_CHAT_BYTES * 3) / 4),
  signature: Signature,
  metadata: Type.Optional(Metadata),
};

/** Unsigned, added by the server beside the untouched envelope: the receiver's mailbox position. */
export const DeliveryStamp = Type.Object({
  /** Mailbox sequence of the receiving device: contiguous, and the cursor to resume from. */
  seq: Sequence,
  /** Position in the conversation: one total order for all its devices. */
  conv_seq: Sequence,
  server_ts_ms: UnixMs,
});
export type DeliveryStamp = Static<typeof DeliveryStamp>;
