import { Signature, SignedDeviceList, UnixSeconds, UserId } from '@securechat/protocol';

/**
 * The protocol's shapes, closed: what is signed is exactly what the transcript covers, so a member that it does not
 * know may not travel along and be stored as if it had been signed.
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
const nextList = {
  type: 'object',
  additionalProperties: false,
  required: Object.keys(SignedDeviceList.properties),
  properties: {
    ...firstListFields,
    previous_sha256: previousSha256,
    // an integer of Postgres
    version: { type: 'integer', minimum: 2, maximum: 2_147_483_647 },
    devices: { ...SignedDeviceList.properties.devices, items: device, minItems: 2 },
  },
};
const proof = {
  type: 'object',
  additionalProperties: false,
  required: ['timestamp', 'signature'],
  properties: { timestamp: UnixSeconds, signature: Signature },
};

function request(list: object): object {
  return {
    type: 'object',
    additionalProperties: false,
    required: ['list', 'proof'],
    properties: { list, proof },
  };
}

export const accountRequest = request(firstList);
export const deviceRequest = request(nextList);
export const userIdParameter = {
  type: 'object',
  required: ['user_id'],
  properties: { user_id: UserId },
};
