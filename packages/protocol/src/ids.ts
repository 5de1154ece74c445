import { base64PatternOf } from './base64.ts';
import { Type } from './schema/type.ts';

/**
 * One grammar for every id on the wire. It has no character that JSON escapes, that is ambiguous in a Redis key or
 * log line, or that looks alike in two scripts.
 */
export const ID_PATTERN = '^[A-Za-z0-9_-]{1,64}$';
export const Id = Type.String({ pattern: ID_PATTERN });

/** A user id may not start with `c_`: in `to`, that prefix names a conversation. */
export const UserId = Type.String({ pattern: '^(?!c_)[A-Za-z0-9_-]{1,64}$' });
export const DeviceId = Id;
export const MessageId = Id;
export const FileId = Id;
export const ConversationId = Type.String({ pattern: '^c_[A-Za-z0-9_-]{16,62}$' });
/** A device address with its user: `alice:phone`. Ids contain no colon, so parsing is unambiguous. */
export const DeviceAddress = Type.String({ pattern: '^(?!c_)[A-Za-z0-9_-]{1,64}:[A-Za-z0-9_-]{1,64}$' });

export const Base64 = (maxBytes: number) =>
  Type.String({ format: 'base64', maxLength: 4 * Math.ceil(maxBytes / 3) });
export const Base64Of = (bytes: number) => Type.String({ pattern: base64PatternOf(bytes) });
export const PublicKey = Base64Of(32);
export const Signature = Base64Of(64);
export const Sha256 = Base64Of(32);
export const Nonce = Base64Of(16);

const MAX_SAFE = Number.MAX_SAFE_INTEGER;
/** Whole numbers that a double represents exactly. */
export const Count = Type.Integer({ minimum: 0, maximum: MAX_SAFE });
export const Sequence = Type.Integer({ minimum: 1, maximum: MAX_SAFE });
/** Unix time in seconds, as in the seed; the upper bound is the year 5138. */
export const UnixSeconds = Type.Integer({ minimum: 0, maximum: 99_999_999_999 });
export const UnixMs = Type.Integer({ minimum: 0, maximum: 99_999_999_999_999 });
