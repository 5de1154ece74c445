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

/**
 * What the two ends of a direct connection tell each other by way of the server. Like an envelope: flat, signed whole (context `p2p`),
 * and with ciphertext inside, which holds session description and candidates. Unlike one, it is not kept and has no place in the
 * conversation.
 */
export const signalFields = {
  id: MessageId,
  from: UserId,
  to: UserId,
  device_id: DeviceId,
  /** Of the other end, when it is known. */
  to_device: DeviceId,
  /** The conversation of these two users, whose keys encrypt the payload. */
  conversation_id: ConversationId,
  epoch: Count,
  generation: Count,
  /** Chosen by the offering device, at random. */
  session_id: Id,
  timestamp: UnixSeconds,
  nonce: Nonce,
  payload: Base64(MAX_SIGNAL_BYTES),
  signature: Signature,
};
