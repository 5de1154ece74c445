import { DeviceId, Signature, SignedDeviceList, UnixSeconds, UserId } from '@securechat/protocol';
import type { EnrolmentMode } from '../config.ts';

/**
 * The protocol's shapes, closed: what is signed is exactly what the transcript covers, so an unknown member must not
 * be stored as if it had been signed.
 */
const device = { ...SignedDeviceList.properties.devices.items, additionalProperties: false };

const { previous_sha256: previousSha256, ...firstListFields } = SignedDeviceList.properties;
const firstList = {
  type: 'object',
  additionalProperties: false,
  required: Object.keys(firstListFields),
  properties: {
    ...firstListFields,
    version: { type: 'integer', const: 1 },
    devices: { type: 'array', items: device, minItems: 1, maxItems: 1 },
  },
};
/** `devices` bounds how many may be left. */
const nextListWith = (devices: { minItems: number; maxItems?: number }) => ({
  type: 'object',
  additionalProperties: false,
  required: Object.keys(SignedDeviceList.properties),
  properties: {
    ...firstListFields,
    previous_sha256: previousSha256,
    // a Postgres integer
    version: { type: 'integer', minimum: 2, maximum: 2_147_483_647 },
    devices: { ...SignedDeviceList.properties.devices, items: device, ...devices },
  },
});
const proof = {
  type: 'object',
  additionalProperties: false,
  required: ['timestamp', 'signature'],
  properties: { timestamp: UnixSeconds, signature: Signature },
};

const authorization = {
  type: 'object',
  additionalProperties: false,
  required: ['device_id', 'timestamp', 'signature'],
  properties: { device_id: DeviceId, timestamp: UnixSeconds, signature: Signature },
};

function closed(properties: Record<string, object>, optional: Record<string, object> = {}): object {
  return {
    type: 'object',
    additionalProperties: false,
    required: Object.keys(properties),
    properties: { ...properties, ...optional },
  };
}

/** Far longer than a code or token needs; not required, because repeating a request that took effect needs none. */
const admissions: Record<EnrolmentMode, Record<string, object>> = {
  open: {},
  invite: { invite: { type: 'string', minLength: 1, maxLength: 64 } },
  jwt: { token: { type: 'string', minLength: 1, maxLength: 8192 } },
};
export function accountRequestFor(mode: EnrolmentMode): object {
  return closed({ list: firstList, proof }, admissions[mode]);
}
export const deviceRequest = closed({ list: nextListWith({ minItems: 2 }), proof, authorization });
/** An empty list passes the schema, to get a specific refusal later. */
export const revocationRequest = closed({ list: nextListWith({ minItems: 0 }) });
export const recoveryRequest = closed({ list: nextListWith({ minItems: 1, maxItems: 1 }), proof });

export const userIdParameter = {
  type: 'object',
  required: ['user_id'],
  properties: { user_id: UserId },
};
export const deviceParameters = {
  type: 'object',
  required: ['user_id', 'device_id'],
  properties: { user_id: UserId, device_id: DeviceId },
};
