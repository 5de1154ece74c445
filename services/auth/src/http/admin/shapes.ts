import { DeviceId, UserId } from '@securechat/protocol';

/** A closed object whose members are all required. */
export function object(properties: Record<string, object>, optional: Record<string, object> = {}): object {
  return {
    type: 'object',
    additionalProperties: false,
    required: Object.keys(properties),
    properties: { ...properties, ...optional },
  };
}

export const MAX_INVITES_AT_ONCE = 1_000;
export const MAX_VALID_SECONDS = 365 * 24 * 3600;
const MAX_TOKEN_SECONDS = 7 * 24 * 3600;

export const userId = { ...UserId, description: 'As your product names the user' };
export const deviceId = { ...DeviceId, description: 'As the device named itself' };
export const time = { type: 'string', format: 'date-time' };
export const inviteId = {
  type: 'string' as const,
  pattern: '^[0-9a-f]{64}$',
  description: 'SHA-256 of the code: it can be computed from the code, but not the other way round',
};
export const unixSeconds = { type: 'integer', description: 'Unix seconds' };
export const accountState = { type: 'string', enum: ['active', 'disabled'] };

export const account = {
  user_id: userId,
  state: accountState,
  created_at: time,
  active_devices: { type: 'integer', description: 'Devices that are not revoked' },
};
export const device = object({ device_id: deviceId, created_at: time }, { revoked_at: time });

const counts = { type: 'object', additionalProperties: { type: 'integer' } };
export const receipt = {
  erasure_id: { type: 'string', description: 'Id of the receipt; says nothing about the user' },
  subject_sha256: {
    type: 'string',
    description:
      'SHA-256 of `SecureChat/1 erasure`, a line feed and the user id, in hex. It proves whose receipt this is',
  },
  asked_at: time,
  state: { type: 'string', enum: ['under_way', 'finished'] },
  removed: { ...counts, description: 'Rows that were deleted so far, by schema and kind' },
  waiting: {
    ...counts,
    description: 'What could not be deleted yet at the last attempt; empty when finished',
  },
};

export const invitesWanted = object({
  count: { type: 'integer', minimum: 1, maximum: MAX_INVITES_AT_ONCE },
  valid_seconds: { type: 'integer', minimum: 1, maximum: MAX_VALID_SECONDS },
});
export const admissionWanted = object({
  valid_seconds: { type: 'integer', minimum: 1, maximum: MAX_TOKEN_SECONDS },
});

export const failure = {
  type: 'object',
  required: ['type', 'code', 'error_code', 'error_message'],
  properties: {
    type: { const: 'error' },
    code: { type: 'integer', description: 'Number of the error, as in the protocol' },
    error_code: { type: 'string', description: 'Name of the error, as in the protocol' },
    error_message: { type: 'string' },
    advice: { type: 'string', description: 'What to do about it' },
    retry_after_ms: { type: 'integer', description: 'The same request may succeed after this time' },
  },
};
